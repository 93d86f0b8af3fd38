"""Gamma."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters, refuse_swapped

Exponent = Annotated[float, Field(ge=0.05, le=20.0)]


class Gamma(IntensityAugment):
    """Brighten or darken the middle greys: a power of the intensities between the patch's own extremes."""

    lowest: Exponent = 0.7
    "The smallest exponent; below 1 brightens."

    highest: Exponent = 1.4
    "The largest exponent; above 1 darkens."

    @model_validator(mode="after")
    def _exponents_in_order(self) -> "Gamma":
        refuse_swapped(self.lowest, self.highest)
        return self

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"exponent": float(np.exp(rng.uniform(np.log(self.lowest), np.log(self.highest))))}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        """A patch of one intensity stays as it is."""
        low, high = raw.min(), raw.max()
        if low == high:
            return raw
        changed: NDArray[np.float32] = (raw - low) / (high - low)
        np.power(changed, np.float32(parameters["exponent"]), out=changed)
        changed *= high - low
        changed += low
        return changed
