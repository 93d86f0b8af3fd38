"""Where labels may train."""

import math

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.marked import marked
from napari_dacapo.arrays.sample import NEARLY_WHOLE, voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset


def trusted(dataset: OpenDataset) -> Array:
    """Bool on the grid of the labels, ((z,) y, x): known, within the region, and not held out.

    A voxel that lies only partly in the region, or partly in what is held out, is not trusted.
    """
    labels, known = dataset.labels, dataset.known
    inside = voxels_in(labels, dataset.region)
    held_out = None if dataset.excluded is None else _touched(labels, dataset.excluded)

    def read(slices: tuple[slice, ...]) -> NDArray[np.bool_]:
        result = np.zeros([each.stop - each.start for each in slices], np.bool_)
        within = _part(slices, inside)
        result[within] = True if known is None else known.reader(slices)[within]
        if held_out is not None:
            result[_part(slices, held_out)] = False
        return result

    return marked(labels, read)


def _part(slices: tuple[slice, ...], voxels: tuple[Voxels, Voxels]) -> tuple[slice, ...]:
    """What of the voxels from begin to end lies in the slices, counted from where these start."""
    sides = zip(slices, *voxels, strict=True)
    return tuple(slice(max(b - s.start, 0), max(min(e, s.stop) - s.start, 0)) for s, b, e in sides)


def _touched(array: Array, box: Box) -> tuple[Voxels, Voxels]:
    """First and one past the last voxel that share more than rounding with the box."""
    sides = tuple(zip(array.offset, array.voxel_size, strict=True))
    begin = (math.floor((b - o) / v + NEARLY_WHOLE) for b, (o, v) in zip(box.begin, sides, strict=True))
    end = (math.ceil((e - o) / v - NEARLY_WHOLE) for e, (o, v) in zip(box.end, sides, strict=True))
    return tuple(begin), tuple(end)
