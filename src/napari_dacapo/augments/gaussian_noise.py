"""Gaussian noise."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters


class GaussianNoise(IntensityAugment):
    """Add noise that is as strong in the dark as in the bright."""

    highest_sigma: Annotated[float, Field(gt=0.0, le=10.0)] = 0.05
    "The largest standard deviation, where raw spans about 0 to 1; each patch's is drawn from 0 up to it."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"sigma": rng.uniform(0.0, self.highest_sigma), "seed": int(rng.integers(2**63))}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        changed = np.random.default_rng(parameters["seed"]).standard_normal(raw.shape, np.float32)
        changed *= np.float32(parameters["sigma"])
        changed += raw
        return changed
