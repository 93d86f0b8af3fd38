"""Contrast and brightness."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters, refuse_swapped

Factor = Annotated[float, Field(ge=0.0, le=100.0)]
Shift = Annotated[float, Field(ge=-100.0, le=100.0)]


class IntensityScaleShift(IntensityAugment):
    """Change contrast about the patch's mean, and brightness."""

    lowest_scale: Factor = 0.75
    "The smallest factor of the contrast."

    highest_scale: Factor = 1.25
    "The largest factor of the contrast."

    lowest_shift: Shift = -0.15
    "The smallest amount added, where raw spans about 0 to 1."

    highest_shift: Shift = 0.15
    "The largest amount added."

    clip: bool = False
    "Cut off what leaves the range from 0 to 1."

    @model_validator(mode="after")
    def _ranges_in_order(self) -> "IntensityScaleShift":
        refuse_swapped(self.lowest_scale, self.highest_scale)
        refuse_swapped(self.lowest_shift, self.highest_shift)
        return self

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {
            "scale": rng.uniform(self.lowest_scale, self.highest_scale),
            "shift": rng.uniform(self.lowest_shift, self.highest_shift),
        }

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        scale, shift = np.float32(parameters["scale"]), np.float32(parameters["shift"])
        mean = raw.mean(dtype=np.float32)
        changed = raw * scale
        changed += mean - mean * scale + shift
        return np.clip(changed, 0.0, 1.0, out=changed) if self.clip else changed
