"""What holds at each voxel of another array."""

from dataclasses import replace

import numpy as np

from napari_dacapo.arrays.array import Array, Reader


def marked(array: Array, read: Reader) -> Array:
    """True or false on the grid of the array, without its channels; `read` is given spatial slices."""
    dims = array.dims
    return replace(
        array,
        axes=array.axes[-dims:],
        shape=array.spatial_shape,
        dtype=np.dtype(np.bool_),
        chunks=array.chunks[-dims:],
        channel_names=(),
        stored=None,
        reader=read,
    )
