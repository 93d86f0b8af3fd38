"""The last touch on objects: small ones, holes, and the numbers they get."""

from typing import Any

import numba
import numpy as np
from bioimage_cpp.segmentation import label, watershed
from numpy.typing import NDArray

NOBODY, SEVERAL = 0, -1  # who owns a hole, beside the ids of objects


def finished(objects: NDArray[np.uint64], height: NDArray[np.float32], min_size: int) -> NDArray[Any]:
    """Objects without holes and of at least `min_size` voxels, numbered 1..n in the smallest unsigned dtype.

    A smaller one is flooded by those that touch it, lowest `height` first, or dropped if none does.
    All arrays ((z,) y, x); `objects` numbered 1..n, 0 is background.
    """
    sizes = _sizes(objects)
    small = sizes < min_size
    small[0] = False
    if small[objects].any():
        kept = np.where(small[objects], 0, objects)
        objects = watershed(np.ascontiguousarray(height), kept, mask=objects > 0)
    return numbered(without_holes(objects))


def numbered(objects: NDArray[np.uint64]) -> NDArray[Any]:
    """The same objects with the ids 1..n in their order, 0 kept, as the smallest unsigned dtype."""
    used = _sizes(objects) > 0
    used[0] = False
    count = int(used.sum())
    ids = np.zeros(len(used), np.min_scalar_type(count))
    ids[used] = np.arange(1, count + 1)
    return ids[objects]


def without_holes(objects: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Background enclosed by one object becomes part of it; between two, or open to a side, it stays."""
    background = objects == 0
    if not background.any():
        return objects
    holes = label(background, connectivity=1)
    owners = _owners(_as_volume(objects), _as_volume(holes), int(holes.max()), objects.ndim == 2)
    owners[owners == SEVERAL] = NOBODY
    return np.where(background, owners[holes].astype(np.uint64), objects)


def _sizes(objects: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n + 1,) voxels by id."""
    return np.bincount(np.ascontiguousarray(objects).ravel().view(np.int64), minlength=1)


def _as_volume(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.ndim == 3 else array[None]


@numba.njit(nogil=True, cache=True)
def _owners(objects, holes, count, flat):  # type: ignore[no-untyped-def]
    """(count + 1,) int64: the id of the only object around each hole, SEVERAL, or NOBODY. Both (z, y, x)."""
    owners = np.zeros(count + 1, np.int64)
    depth, height, width = holes.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                hole = holes[z, y, x]
                if hole == 0 or owners[hole] == -1:
                    continue
                for dz, dy, dx in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
                    if flat and dz != 0:
                        continue
                    k, j, i = z + dz, y + dy, x + dx
                    if k < 0 or j < 0 or i < 0 or k == depth or j == height or i == width:
                        owners[hole] = -1
                        break
                    owner = np.int64(objects[k, j, i])
                    if owner == 0 or owner == owners[hole]:
                        continue
                    if owners[hole] != 0:
                        owners[hole] = -1
                        break
                    owners[hole] = owner
    return owners
