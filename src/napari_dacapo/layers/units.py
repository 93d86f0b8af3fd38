"""Layers in the unit of another one: with several units at once, napari moves its sliders."""

from __future__ import annotations

from collections.abc import Iterable

from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.layers.layer import LayerData


def in_unit(layers: Iterable[LayerData], unit: str) -> list[LayerData]:
    """The same places in the world; 8 nm are 0.008 µm. Layers without a length stay as they are."""
    return [_converted(layer, unit) for layer in layers]


def _converted(layer: LayerData, unit: str) -> LayerData:
    data, properties, kind = layer
    factors = [_factor(each, unit) for each in properties["units"]]
    changes = {
        name: tuple(value * factor for value, factor in zip(properties[name], factors, strict=True))
        for name in ("scale", "translate")
    }
    units = [
        each if factor == 1.0 else unit for each, factor in zip(properties["units"], factors, strict=True)
    ]
    return data, {**properties, **changes, "units": tuple(units)}, kind


def _factor(unit: str, wanted: str) -> float:
    ours, theirs = nanometers(unit), nanometers(wanted)
    return 1.0 if ours is None or theirs is None else ours / theirs
