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
    sizes = sizes_of(objects)
    small = sizes < min_size
    small[0] = False
    if small[objects].any():
        objects = flooded(np.where(small[objects], 0, objects), objects > 0, height)
    return numbered(without_holes(objects))


def flooded(
    objects: NDArray[np.uint64], inside: NDArray[np.bool_], height: NDArray[np.float32]
) -> NDArray[np.uint64]:
    """The objects grown into what is inside and of none, lowest `height` first; what touches none is 0."""
    grown: NDArray[np.uint64] = watershed(np.ascontiguousarray(height), objects, mask=inside)
    return grown


def numbered(objects: NDArray[np.uint64]) -> NDArray[Any]:
    """The same objects with the ids 1..n in their order, 0 kept, as the smallest unsigned dtype."""
    used = sizes_of(objects) > 0
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
    owners = owners_of(objects, holes, np.ones((objects.ndim, 2), np.bool_))
    owners[owners == SEVERAL] = NOBODY
    return np.where(background, owners[holes].astype(np.uint64), objects)


def owners_of(
    objects: NDArray[np.uint64], holes: NDArray[np.uint64], open_sides: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """(n + 1,) the id of the only object around each hole 1..n, SEVERAL, or NOBODY.

    `open_sides` (axes, 2): a hole that comes to such a side of the array is open, as if it had several.
    """
    volume = np.zeros((3, 2), np.bool_)
    volume[-objects.ndim :] = open_sides
    owners: NDArray[np.int64] = _owners(_as_volume(objects), _as_volume(holes), int(holes.max()), volume)
    return owners


def sizes_of(objects: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n + 1,) voxels by id."""
    return np.bincount(np.ascontiguousarray(objects).ravel().view(np.int64), minlength=1)


def _as_volume(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.ndim == 3 else array[None]


@numba.njit(nogil=True, cache=True)
def _owners(objects, holes, count, open_sides):  # type: ignore[no-untyped-def]
    """(count + 1,) int64: the id of the only object around each hole, SEVERAL, or NOBODY. Both (z, y, x)."""
    owners = np.zeros(count + 1, np.int64)
    depth, height, width = holes.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                hole = holes[z, y, x]
                if hole == 0 or owners[hole] == -1:
                    continue
                for axis, dz, dy, dx in (
                    (0, 1, 0, 0), (0, -1, 0, 0), (1, 0, 1, 0), (1, 0, -1, 0), (2, 0, 0, 1), (2, 0, 0, -1)
                ):  # fmt: skip
                    k, j, i = z + dz, y + dy, x + dx
                    if k < 0 or j < 0 or i < 0 or k == depth or j == height or i == width:
                        if not open_sides[axis, 0 if dz + dy + dx < 0 else 1]:
                            continue
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
