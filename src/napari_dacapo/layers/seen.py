"""The part of an image that is on the screen."""

from __future__ import annotations

import math

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box


def seen_part(array: Array, view: Box) -> Box:
    """Where the view is flat, the one slice it lies in. The last axes of the view are the array's."""
    begin, end = list(view.begin[-array.dims :]), list(view.end[-array.dims :])
    for axis, (offset, size) in enumerate(zip(array.offset, array.voxel_size, strict=True)):
        if begin[axis] == end[axis]:
            slices = math.floor((begin[axis] - offset) / size)
            begin[axis], end[axis] = offset + slices * size, offset + (slices + 1) * size
    return Box(tuple(begin), tuple(end))
