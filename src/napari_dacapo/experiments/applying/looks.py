"""What an image is known by when work on it is gone on with."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.source import Source
from napari_dacapo.errors import ImageChangedError

PLACES = {"path", "array"}  # fields of a source; both are in its name
SAMPLE = 32  # voxels along each side of what is looked at


def looks_of(array: Array) -> list[Any]:
    """Name, shape, voxel size and offset, one after the other, and a sum of the voxels in the middle."""
    start = tuple(max(0, n // 2 - SAMPLE // 2) for n in array.spatial_shape)
    shape = tuple(min(SAMPLE, n - s) for n, s in zip(array.spatial_shape, start, strict=True))
    middle = np.ascontiguousarray(array.read(start, shape)).tobytes()
    return [array.name, *array.shape, *array.voxel_size, *array.offset, zlib.crc32(middle)]


def ways_of(source: object) -> dict[str, Any]:
    """How a source is read, besides where it lies: {"time": 3}; nothing where it is read as it is."""
    if not isinstance(source, Source):
        return {}
    fields, written = type(source).model_fields, source.to_json()
    chosen = (name for name in fields.keys() - PLACES if getattr(source, name) != fields[name].default)
    return {name: written[name] for name in sorted(chosen)}


def refuse_changed_image(there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Of two jobs. Raises ImageChangedError where the image of that name was another one."""
    (name, *before), (same, *after) = there["image"], now["image"]
    if name != same or (before == after and there["voxels"] == now["voxels"]):
        return
    dims = len(now["box"][0])
    sides = {"shape": slice(-2 * dims), "voxel size": slice(-2 * dims, -dims), "offset": slice(-dims, None)}
    changes = (
        f"{what} {before[at]}, now {after[at]}" for what, at in sides.items() if before[at] != after[at]
    )
    problem = f"it changed since it was begun: {next(changes, 'other values in its voxels')}"
    fix = "Bring it back, choose another output folder, or replace what is there"
    raise ImageChangedError("image", Path(name).name, problem, fix)
