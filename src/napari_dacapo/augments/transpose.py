"""Swapping axes."""

import numpy as np

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import Axis, GeometricAugment, axis_names
from napari_dacapo.augments.warp import Warp


class Transpose(GeometricAugment):
    """Swap axes at random; only those along which patch and voxels have the same size."""

    axes: tuple[Axis, ...] = ("z", "y", "x")
    "The axes that may be swapped; z is ignored in 2D."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        names = axis_names(len(shape))
        order = np.arange(len(shape))
        for alike in _alike(shape, voxel_size):
            swapped = [axis for axis in alike if names[axis] in self.axes]
            order[swapped] = rng.permutation(swapped)
        return Warp(np.eye(len(shape))[order])


def _alike(shape: Voxels, voxel_size: World) -> list[list[int]]:
    groups: dict[tuple[int, float], list[int]] = {}
    for axis, key in enumerate(zip(shape, voxel_size, strict=True)):
        groups.setdefault(key, []).append(axis)
    return list(groups.values())
