"""A part of a segmentation as labels that can be painted on: napari paints on no pyramid, nor on a file."""

from __future__ import annotations

import math

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.crop import cropped
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.layer import LayerData, placement
from napari_dacapo.layers.seen import seen_part

MOST_VOXELS = 1 << 26  # 256 MiB of ids


def part_to_correct(labels: Array, view: Box, least: Voxels) -> tuple[Voxels, Voxels]:
    """First and end voxel of what is on the screen, and at least `least` voxels around its middle.

    Raises UserInputError where nothing of the labels is on the screen, or too much to be held in memory.
    """
    seen = seen_part(labels, view)
    sides = zip(seen.begin, seen.end, labels.offset, labels.voxel_size, strict=True)
    ranges = [(math.floor((b - o) / v + 1e-6), math.ceil((e - o) / v - 1e-6)) for b, e, o, v in sides]
    if any(e <= 0 or b >= n for (b, e), n in zip(ranges, labels.spatial_shape, strict=True)):
        problem = f"nothing of {labels.name} is on the screen"
        raise UserInputError("view", "elsewhere", problem, "Move to what you want to correct")
    parts = [_with_least(*side) for side in zip(ranges, labels.spatial_shape, least, strict=True)]
    begin, end = (tuple(part[side] for part in parts) for side in (0, 1))
    shape = tuple(e - b for b, e in zip(begin, end, strict=True))
    if math.prod(shape) > MOST_VOXELS:
        problem = f"{math.prod(shape):,} voxels are more than the {MOST_VOXELS:,} that can be painted on"
        raise UserInputError("view", shape, problem, "Zoom in")
    return begin, end


def correction(labels: Array, begin: Voxels, end: Voxels, title: str) -> LayerData:
    """The ids from `begin` to `end` in memory, where they lie."""
    shape = tuple(e - b for b, e in zip(begin, end, strict=True))
    place = placement(cropped(labels, begin, end))
    return labels.read(begin, shape).copy(), {"name": title, **place}, "labels"


def _with_least(seen: tuple[int, int], size: int, least: int) -> tuple[int, int]:
    """Grown around its middle where it is smaller, and moved into the image."""
    begin, end = max(0, seen[0]), min(size, seen[1])
    length = min(size, max(end - begin, least))
    begin = min(max(0, begin - (length - (end - begin)) // 2), size - length)
    return begin, begin + length
