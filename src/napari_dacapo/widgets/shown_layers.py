"""Layers of results in a viewer: added once, then brought up to date in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari.layers import Layer

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.layers.layer import LayerData

OURS = "napari_dacapo"  # in a layer's metadata: which result it shows


def show(viewer: ViewerModel, key: str, layers: Iterable[LayerData]) -> None:
    """Show the layers of a result; those that showed it before take the new data.

    A person may have renamed, moved, hidden or deleted them meanwhile: hidden ones stay hidden, deleted
    ones come again.
    """
    shown = {layer.metadata.get(OURS): layer for layer in viewer.layers}
    for number, (data, properties, kind) in enumerate(layers):
        mark = f"{key}/{number}"
        known = shown.get(mark)
        if known is not None and _fits(known, data, kind):
            known.data = data
            known.name = properties["name"]
        else:
            if known is not None:
                viewer.layers.remove(known)
            viewer.add_layer(Layer.create(data, {**properties, "metadata": {OURS: mark}}, kind))


def _fits(layer: Layer, data: object, kind: str) -> bool:
    """Whether the layer can show the data in place."""
    same_kind = type(layer).__name__.lower() == kind
    return same_kind and getattr(layer.data, "shape", None) == getattr(data, "shape", ())
