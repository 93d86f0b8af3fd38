"""Shot noise."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters


class PoissonNoise(IntensityAugment):
    """Shot noise, as when photons are counted: the brighter a voxel, the more it varies."""

    fewest_photons: Annotated[float, Field(ge=1.0, le=1e6)] = 30.0
    "Photons that intensity 1 stands for at the noisiest; a patch gets from this to ten times as many."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        photons = self.fewest_photons * 10.0 ** rng.random()
        return {"photons": photons, "seed": int(rng.integers(2**63))}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        """Intensities of 0 and less count no photons and stay as they are."""
        photons = parameters["photons"]
        expected = np.maximum(raw, 0) * np.float32(photons)
        counted = np.random.default_rng(parameters["seed"]).poisson(expected)
        return np.where(raw > 0, counted / photons, raw).astype(np.float32)
