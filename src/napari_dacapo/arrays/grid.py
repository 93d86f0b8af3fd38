"""Reading an array on another grid."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World


def read_on_grid(array: Array, offset: World, voxel_size: World, shape: Voxels) -> NDArray[Any]:
    """The nearest voxel of the array for each voxel of the grid, (c, (z,) y, x) or ((z,) y, x).

    A grid voxel takes the array's voxel that its centre lies in. Raises IndexError where a centre
    lies outside of the array.

    A grid of 8 nm over an array of 16 nm takes each voxel twice.
    """
    indices = [
        np.floor((o + (np.arange(n) + 0.5) * v - array_offset) / array_voxel + 1e-9).astype(np.intp)
        for o, n, v, array_offset, array_voxel in zip(
            offset, shape, voxel_size, array.offset, array.voxel_size, strict=True
        )
    ]
    start = tuple(int(i[0]) for i in indices)
    covered = tuple(int(i[-1]) - s + 1 for i, s in zip(indices, start, strict=True))
    values = array.read(start, covered)
    if math.prod(covered) == math.prod(shape):
        return values
    local = np.ix_(*(i - s for i, s in zip(indices, start, strict=True)))
    return values[..., *local] if array.channels is None else np.stack([channel[local] for channel in values])
