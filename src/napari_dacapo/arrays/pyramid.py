"""Coarser levels of an image or of labels."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["mean", "stride"]

COARSEST = 128  # voxels; a level whose spatial axes are no longer gets no coarser one


def coarser_levels(data: NDArray[Any], dims: int, method: Method) -> Iterator[NDArray[Any]]:
    """Each half as large along every spatial axis longer than 128: (200, 2000, 2000) gives
    (100, 1000, 1000), (100, 500, 500), (100, 250, 250), (100, 125, 125).

    "mean" is for images, "stride" for labels: it takes every second voxel, so that ids stay what they are.
    """
    while max(data.shape[-dims:]) > COARSEST:
        data = halved(data, dims, method)
        yield data


def coarser_shapes(shape: tuple[int, ...], dims: int) -> tuple[tuple[int, ...], ...]:
    """Of those levels: (3, 300, 100) gives (3, 150, 100) and (3, 75, 100)."""
    found = []
    while long := long_axes(shape, dims):
        shape = tuple(-(-n // 2) if axis in long else n for axis, n in enumerate(shape))
        found.append(shape)
    return tuple(found)


def long_axes(shape: tuple[int, ...], dims: int) -> tuple[int, ...]:
    """Those in space along which the next level is half as long."""
    return tuple(axis for axis in range(len(shape) - dims, len(shape)) if shape[axis] > COARSEST)


def halved(data: NDArray[Any], dims: int, method: Method) -> NDArray[Any]:
    """The next level; of an axis of odd length the last voxel stands for itself."""
    return halved_along(data, long_axes(data.shape, dims), method)


def halved_along(data: NDArray[Any], long: tuple[int, ...], method: Method) -> NDArray[Any]:
    """Half as long along some axes; what begins at an even voxel can be halved in parts."""
    if method == "stride":
        return data[tuple(slice(None, None, 2 if axis in long else 1) for axis in range(data.ndim))]
    values = data.astype(np.float64 if data.dtype.itemsize > 2 else np.float32)
    for axis in long:
        values = _paired(values, axis)
    return (np.rint(values) if data.dtype.kind in "ui" else values).astype(data.dtype)


def _paired(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """The mean of voxels 0 and 1, 2 and 3, ...; a last one without a partner stays as it is."""
    before = (slice(None),) * axis
    means: NDArray[Any] = values[(*before, slice(0, None, 2))].copy()
    others = values[(*before, slice(1, None, 2))]
    paired = means[(*before, slice(0, others.shape[axis]))]
    paired += others
    paired /= 2
    return means
