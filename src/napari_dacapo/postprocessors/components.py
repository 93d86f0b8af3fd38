"""What ties between neighbouring voxels connect."""

import numba
import numpy as np
from numpy.typing import NDArray


def components(connected: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """((z,) y, x) ids 1..n of what is connected, 0 where a voxel is connected with none.

    `connected` (axes, (z,) y, x): whether a voxel is with the next one along each axis.
    """
    shape = connected.shape[1:]
    steps = np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    ids: NDArray[np.uint64] = _components(connected.reshape(len(shape), -1), steps)
    return ids.reshape(shape)


@numba.njit(nogil=True, cache=True)
def _components(connected, steps):  # type: ignore[no-untyped-def]
    """Union-find over (axes, voxels) ties; the root of a component is its first voxel."""
    parents = np.arange(connected.shape[1])
    for axis in range(connected.shape[0]):
        for voxel in range(connected.shape[1] - steps[axis]):
            if connected[axis, voxel]:
                one, other = _root(parents, voxel), _root(parents, voxel + steps[axis])
                parents[max(one, other)] = min(one, other)
    ids = np.zeros(connected.shape[1], np.uint64)
    tied = np.zeros(connected.shape[1], np.bool_)
    for voxel in range(len(parents)):
        parents[voxel] = parents[parents[voxel]]
        if parents[voxel] != voxel:
            tied[parents[voxel]] = True
    count = 0
    for voxel in range(len(parents)):
        root = parents[voxel]
        if root == voxel and tied[voxel]:
            count += 1
            ids[voxel] = count
        elif root != voxel:
            ids[voxel] = ids[root]
    return ids


@numba.njit(nogil=True, cache=True)
def _root(parents, voxel):  # type: ignore[no-untyped-def]
    while parents[voxel] != voxel:
        parents[voxel] = parents[parents[voxel]]
        voxel = parents[voxel]
    return voxel
