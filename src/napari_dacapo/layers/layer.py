"""Arrays as napari layers: data, properties, kind.

napari places the centre of the first voxel at `translate`; an Array begins at its offset, half a voxel
before that. So napari's world is the engine's world, and layers of any voxel size lie right over each other.

    offset   0       8       16      voxels of 8 nm: translate 4
    offset   0               16      voxels of 16 nm: translate 8
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.sample import Sample
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.pixels import Level, Pixels

LayerData = tuple[Any, dict[str, Any], str]
Limits = tuple[float, float]

LIMITS = "napari_dacapo_limits"  # in a layer's metadata: black and white, where they are known beforehand
SAMPLE_BYTES = 1 << 20  # looked at for the range of intensities


def image(array: Array | Sequence[Array], title: str, limits: Limits | None = None) -> LayerData:
    """An image layer; channels stay an axis with a slider. Several arrays are the levels of a pyramid.

    Without limits, black and white are the least and the greatest intensity in a bounded sample.
    """
    levels = _levels(array)
    shown = {"contrast_limits": limits or intensities(levels[-1]), "colormap": "gray"}
    about = {"metadata": {LIMITS: limits}} if limits else {}
    return _pixels(levels), _placed(levels, title) | shown | about, "image"


def channels(array: Array, titles: Sequence[str], limits: Limits | None = None) -> list[LayerData]:
    """An image layer for each channel, the first one visible."""
    layers = []
    for channel, title in enumerate(titles):
        alone = array if array.channels is None else SelectChannels(channels=(channel,)).apply(array)
        data, properties, kind = image(alone, title, limits)
        layers.append((data, properties | {"visible": channel == 0, "blending": "additive"}, kind))
    return layers


def labels(array: Array | Sequence[Array], title: str) -> LayerData:
    """A labels layer of ids, or of what is true; several arrays are the levels of a pyramid."""
    levels = _levels(array)
    return _pixels([_as_ids(level) for level in levels]), _placed(levels, title), "labels"


def placement(array: Array) -> dict[str, Any]:
    """Where in the world a layer's voxels lie."""
    before = len(array.axes) - array.dims  # a channel axis
    centres = (o + v / 2 for o, v in zip(array.offset, array.voxel_size, strict=True))
    unit = "pixel" if array.unit == "voxel" else array.unit
    return {
        "scale": (*(1.0,) * before, *array.voxel_size),
        "translate": (*(0.0,) * before, *centres),
        "units": (*("pixel",) * before, *(unit,) * array.dims),
        "axis_labels": tuple(array.axes),
    }


def pyramid(source: File, root: Path) -> list[Array]:
    """Every resolution level that a file has, the finest first."""
    levels = [source.open(root)]
    while max(levels[-1].spatial_shape) > 1:
        try:
            coarser = source.replace(level=source.level + len(levels)).open(root)
        except UserInputError:
            break
        if coarser.axes != levels[0].axes or coarser.spatial_shape == levels[-1].spatial_shape:
            break
        levels.append(coarser)
    return levels


def intensities(array: Array) -> Limits:
    """The least and the greatest in a sample, never the same."""
    found = [block[np.isfinite(block)] for block in Sample.of(array, limit=SAMPLE_BYTES).read(array)]
    values = np.concatenate(found) if found else np.zeros(1)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    return (low, high) if low < high else (low, low + 1)


def _as_ids(array: Array) -> Array:
    if array.dtype.kind != "b":
        return array
    return replace(array, dtype=np.dtype(np.uint8), reader=lambda slices: array.reader(slices).view(np.uint8))


def _levels(array: Array | Sequence[Array]) -> list[Array]:
    return [array] if isinstance(array, Array) else list(array)


def _pixels(levels: list[Array]) -> Pixels | list[Level]:
    return Pixels(levels[0]) if len(levels) == 1 else [Level(level) for level in levels]


def _placed(levels: list[Array], title: str) -> dict[str, Any]:
    return {"name": title, "multiscale": len(levels) > 1, **placement(levels[0])}
