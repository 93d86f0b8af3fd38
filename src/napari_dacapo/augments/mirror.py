"""Mirroring."""

import numpy as np

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import Axis, GeometricAugment, axis_names
from napari_dacapo.augments.warp import Warp


class Mirror(GeometricAugment):
    """Mirror along each of some axes, with a chance of one half each."""

    axes: tuple[Axis, ...] = ("z", "y", "x")
    "The axes that may be mirrored; z is ignored in 2D."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        may = np.array([name in self.axes for name in axis_names(len(shape))])
        return Warp(np.diag(np.where(may & (rng.random(len(shape)) < 0.5), -1.0, 1.0)))
