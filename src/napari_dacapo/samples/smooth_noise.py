"""Noise that varies slowly."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels, World


def smooth_noise(
    rng: np.random.Generator, shape: Voxels, voxel_size: World, size: float
) -> NDArray[np.float32]:
    """Normally distributed about 0, of the shape; its hills are about `size` wide, in world units."""
    knots = [2 + int(np.ceil(2 * n * v / size)) for n, v in zip(shape, voxel_size, strict=True)]
    coarse = ndimage.gaussian_filter(rng.standard_normal(knots, np.float32), 1, mode="wrap")
    fine: NDArray[np.float32] = ndimage.zoom(coarse / coarse.std(), np.divide(shape, knots), order=1)
    return fine
