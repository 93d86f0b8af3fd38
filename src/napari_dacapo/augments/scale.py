"""Zooming."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import GeometricAugment, refuse_swapped
from napari_dacapo.augments.warp import Warp

Factor = Annotated[float, Field(ge=0.1, le=10.0)]


class Scale(GeometricAugment):
    """Show everything smaller or larger, by the same factor along every axis."""

    lowest: Factor = 0.8
    "The smallest factor; below 1 things look smaller."

    highest: Factor = 1.25
    "The largest factor; above 1 things look larger."

    @model_validator(mode="after")
    def _factors_in_order(self) -> "Scale":
        refuse_swapped(self.lowest, self.highest)
        return self

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        """As often larger as smaller: 2 and 1/2 are equally likely within a range of 0.5 to 2."""
        factor = np.exp(rng.uniform(np.log(self.lowest), np.log(self.highest)))
        return Warp(np.eye(len(shape)) / factor)
