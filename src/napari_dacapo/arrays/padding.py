"""Reading beyond the borders of an array."""

from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels


def read_padded(
    array: Array, start: Voxels, shape: Voxels, mode: Literal["reflect", "constant"], fill: float = 0
) -> NDArray[Any]:
    """The voxels from `start` on, which may lie outside, (c, (z,) y, x) or ((z,) y, x).

    "reflect" mirrors about the border voxels, as often as it takes; "constant" puts `fill` outside.
    Only the part inside is read.
    """
    if mode == "constant":
        return _filled(array, start, shape, fill)
    sides = zip(start, shape, array.spatial_shape, strict=True)
    indices = [_mirrored(np.arange(begin, begin + n), size) for begin, n, size in sides]
    first = tuple(int(index.min()) for index in indices)
    covered = tuple(int(index.max()) - begin + 1 for index, begin in zip(indices, first, strict=True))
    values = array.read(first, covered)
    if first == tuple(start) and covered == tuple(shape):
        return values
    found = np.empty((*values.shape[: -array.dims], *shape), values.dtype)
    runs = (_runs(index - begin) for index, begin in zip(indices, first, strict=True))
    for parts in product(*runs):
        places, numbers = zip(*parts, strict=True)
        found[(..., *places)] = values[(..., *numbers)]
    return found


def _runs(index: NDArray[np.intp]) -> list[tuple[slice, slice]]:
    """Where an index goes up or down by one at a time, and the numbers there.

    Of 1 0 1 2: its places 0 to 1 hold the numbers from 1 down to 0, places 2 to 3 those from 1 up to 2.
    """
    turns = np.flatnonzero(np.diff(index, 2)) + 2
    found = []
    for begin, end in pairwise([0, *turns, len(index)]):
        first, last = int(index[begin]), int(index[end - 1])
        step = 1 if first <= last else -1
        beyond = last + step
        found.append((slice(begin, end), slice(first, None if beyond < 0 else beyond, step)))
    return found


def _mirrored(index: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """0 1 2 goes on as 1 0 1 2: borders are not repeated."""
    period = max(2 * (size - 1), 1)
    folded: NDArray[np.intp] = np.abs(index) % period
    return np.minimum(folded, period - folded)


def _filled(array: Array, start: Voxels, shape: Voxels, fill: float) -> NDArray[Any]:
    channels = () if array.channels is None else (array.channels,)
    values = np.full((*channels, *shape), fill, array.dtype)
    sides = tuple(zip(start, shape, array.spatial_shape, strict=True))
    begin = tuple(min(max(s, 0), size) for s, _, size in sides)
    end = tuple(min(max(s + n, 0), size) for s, n, size in sides)
    if all(e > b for b, e in zip(begin, end, strict=True)):
        inside: list[Any] = [slice(b - s, e - s) for b, e, s in zip(begin, end, start, strict=True)]
        values[(..., *inside)] = array.read(begin, tuple(e - b for b, e in zip(begin, end, strict=True)))
    return values
