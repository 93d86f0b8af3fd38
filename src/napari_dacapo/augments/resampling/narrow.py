"""Ids in as few bytes as they need: what follows is faster on fewer bytes."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

DTYPES = tuple(np.dtype(each) for each in (np.uint16, np.uint32, np.uint64))


def narrowed(ids: NDArray[Any]) -> NDArray[Any]:
    """The same unsigned ids (c, z, y, x), contiguous, as uint16 if they fit, else as uint32 or uint64."""
    ids = ids.astype(ids.dtype.newbyteorder("="), copy=False)
    for dtype in DTYPES:
        if ids.dtype.itemsize <= dtype.itemsize:
            return np.ascontiguousarray(ids, dtype)
        copy = np.empty(ids.shape, dtype)
        if _copied(ids, copy) < 256**dtype.itemsize:
            return copy
    raise ValueError(f"no unsigned ids of at most 64 bits: {ids.dtype}")


@numba.njit(nogil=True, cache=True)
def _copied(ids: NDArray[Any], copy: NDArray[Any]) -> Any:
    """All bits that are set in any id, which are then copied, as far as they fit."""
    bits = ids.dtype.type(0)
    for c in range(ids.shape[0]):
        for z in range(ids.shape[1]):
            for y in range(ids.shape[2]):
                row, into = ids[c, z, y], copy[c, z, y]
                for x in range(row.size):
                    bits |= row[x]
                    into[x] = row[x]
    return bits
