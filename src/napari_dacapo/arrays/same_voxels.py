"""Whether two arrays hold the same."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.sample import Sample

SAMPLE_BYTES = 4 * 2**20


def same_voxels(one: Array, other: Array, sampled: bool = False) -> bool:
    """Whether axes, shape, type and every value are equal; sampled: the values of some blocks.

    Where the voxels lie in the world makes no difference.
    """
    if (one.axes, one.shape, one.dtype) != (other.axes, other.shape, other.dtype):
        return False
    places = Sample.of(other, limit=SAMPLE_BYTES).places if sampled else _chunks(other)
    can_be_nan = one.dtype.kind == "f"
    return all(np.array_equal(one.read(*place), other.read(*place), equal_nan=can_be_nan) for place in places)


def _chunks(array: Array) -> Iterator[tuple[Voxels, Voxels]]:
    """Start and shape of each chunk in space."""
    sides = array.chunks[-array.dims :]
    starts = (range(0, n, side) for n, side in zip(array.spatial_shape, sides, strict=True))
    for start in product(*starts):
        ends = zip(start, sides, array.spatial_shape, strict=True)
        yield start, tuple(min(side, n - s) for s, side, n in ends)
