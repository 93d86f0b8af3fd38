"""Blur."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters


class Blur(IntensityAugment):
    """Blur as if out of focus."""

    highest_sigma: Annotated[float, Field(gt=0.0, le=20.0)] = 1.0
    "The largest standard deviation, in voxels of the finest axis; each patch's is drawn from 0 up to it."

    in_plane: bool = True
    "Blur within each y, x plane only; otherwise along z as far in world units."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        sigma = rng.uniform(0.0, self.highest_sigma) * min(voxel_size)
        along = [sigma / v for v in voxel_size]
        if self.in_plane:
            along[:-2] = [0.0] * (len(along) - 2)
        return {"sigma": tuple(along)}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        from scipy.ndimage import gaussian_filter

        blurred: NDArray[np.float32] = gaussian_filter(raw, (0.0, *parameters["sigma"]), truncate=3.0)
        return blurred
