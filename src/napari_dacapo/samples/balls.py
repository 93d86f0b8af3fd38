"""Balls on a grid: what everything round is made of. The first voxel's centre is at 0."""

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_dacapo.arrays.box import Voxels, World


def ball(
    shape: Voxels, voxel_size: World, centre: ArrayLike, radius: float
) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
    """The part of a grid that holds a ball, and which of its voxels are in it; empty outside of the grid."""
    box = []
    squares = []
    for n, v, c in zip(shape, voxel_size, np.asarray(centre).tolist(), strict=True):
        begin = min(max(0, -int((radius - c) // v)), n)
        end = min(max(begin, int((c + radius) // v) + 1), n)
        box.append(slice(begin, end))
        squares.append((np.arange(begin, end) * v - c) ** 2)
    return tuple(box), reduce(np.add.outer, squares) <= radius**2


def paint_ball(
    painted: NDArray[Any],
    value: float,
    labels: NDArray[Any],
    voxel_size: World,
    centre: ArrayLike,
    radius: float,
) -> None:
    """Set a ball to a value, as far as it lies in the object of `labels` that its centre is in."""
    voxel = np.rint(np.divide(centre, voxel_size)).astype(int)
    own = labels[tuple(np.clip(voxel, 0, np.array(labels.shape) - 1))]
    box, inside = ball(labels.shape, voxel_size, centre, radius)
    painted[box][inside & (labels[box] == own)] = value
