"""Taking a patch out of an array: what is needed is read once, and resampled in one pass."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.padding import read_padded
from napari_dacapo.augments.resampling.kernels import linear, nearest
from napari_dacapo.augments.resampling.lookup import Lookup
from napari_dacapo.augments.resampling.narrow import narrowed


def take_linear(array: Array, lookup: Lookup) -> NDArray[np.float32]:
    """(c, z, y, x) interpolated between voxels; beyond the array its mirror image."""
    permutation = lookup.permutation()
    if permutation is not None:
        begin, shape = permutation.begin[-array.dims :], permutation.shape[-array.dims :]
        box = read_padded(array, begin, shape, "reflect").astype(np.float32, copy=False)
        return permutation.of(_four(array, box))
    size = _three(array)
    first, end = _mirrored_range(*lookup.bounds(), size)
    source = np.ascontiguousarray(_read(array, first, end), np.float32)
    result = np.empty((len(source), *lookup.shape), np.float32)
    linear(source, result, first, size, lookup.geometry(first))
    return result


def take_nearest(array: Array, mask: Array, lookup: Lookup) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Ids (c, z, y, x) and, of a mask on the same grid, (z, y, x): 0 and False beyond the array.

    Ids are uint16, uint32 or uint64, as small as what was taken allows.
    """
    permutation = lookup.permutation()
    if permutation is not None:
        begin, shape = permutation.begin[-array.dims :], permutation.shape[-array.dims :]
        ids = _four(array, read_padded(array, begin, shape, "constant"))
        trusted = _four(mask, read_padded(mask, begin, shape, "constant"))
        return narrowed(permutation.of(ids)), permutation.of(trusted)[0].astype(np.bool_, copy=False)
    low, high = lookup.bounds()
    size = _three(array)
    first, end = np.clip(low, 0, size), np.clip(high, 0, size)
    source, kept = narrowed(_read(array, first, end)), _read(mask, first, end)[0]
    if kept.all():
        kept = np.ones((1, 1, 1), np.bool_)
    result = np.empty((len(source), *lookup.shape), source.dtype)
    result_mask = np.empty(lookup.shape, np.bool_)
    whole = np.ascontiguousarray(source), np.ascontiguousarray(kept)
    nearest(*whole, result, result_mask, lookup.geometry(first))
    return narrowed(result), result_mask


def _read(array: Array, first: NDArray[np.intp], end: NDArray[np.intp]) -> NDArray[Any]:
    """(c, z, y, x), in the machine's byte order."""
    start, shape = first[-array.dims :].tolist(), (end - first)[-array.dims :].tolist()
    values = _four(array, array.read(tuple(start), tuple(shape)))
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _four(array: Array, values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(array.channels or 1, *(1,) * (3 - array.dims), *values.shape[-array.dims :])


def _three(array: Array) -> NDArray[np.intp]:
    return np.array((1,) * (3 - array.dims) + array.spatial_shape, np.intp)


def _mirrored_range(
    low: NDArray[np.intp], high: NDArray[np.intp], size: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """What is read where a range beyond the array is mirrored back into it: -3..5 needs 0..5."""
    below, above = np.maximum(-low, 0), np.maximum(high - size, 0)
    first = np.clip(np.minimum(np.maximum(low, 0), size - 1 - above), 0, size - 1)
    end = np.clip(np.maximum(np.minimum(high, size), below + 1), 1, size)
    far = (below >= size) | (above >= size)
    return np.where(far, 0, first), np.where(far, size, end)
