"""Noise that grows with the signal."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters


class SpeckleNoise(IntensityAugment):
    """Multiply by noise about 1, as coherent light has it: strong in the bright, none in the dark."""

    highest_sigma: Annotated[float, Field(gt=0.0, le=10.0)] = 0.1
    "The largest standard deviation of the factor; each patch's is drawn from 0 up to it."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"sigma": rng.uniform(0.0, self.highest_sigma), "seed": int(rng.integers(2**63))}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        factor = np.random.default_rng(parameters["seed"]).standard_normal(raw.shape, np.float32)
        factor *= np.float32(parameters["sigma"])
        factor += 1
        factor *= raw
        return factor
