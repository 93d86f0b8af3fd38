"""Rotating."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import GeometricAugment, refuse_swapped
from napari_dacapo.augments.warp import Warp

Degrees = Annotated[float, Field(ge=-360.0, le=360.0)]


class Rotate(GeometricAugment):
    """Rotate about the patch's centre: within the y, x plane, or to any orientation."""

    lowest: Degrees = 0.0
    "The smallest angle in degrees, from y towards x."

    highest: Degrees = 90.0
    "The largest angle in degrees."

    uniform_3d: bool = False
    "3D only: any orientation, each as likely, instead of an angle within the y, x plane."

    @model_validator(mode="after")
    def _angles_in_order(self) -> "Rotate":
        refuse_swapped(self.lowest, self.highest)
        return self

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        if self.uniform_3d and len(shape) == 3:
            return Warp(_any_orientation(rng))
        angle = np.deg2rad(rng.uniform(self.lowest, self.highest))
        matrix = np.eye(len(shape))
        matrix[-2:, -2:] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        return Warp(matrix)


def _any_orientation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform over all rotations (Stewart 1980): a normal matrix, its columns made orthogonal."""
    matrix, triangle = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(triangle))
    rotation: NDArray[np.float64] = matrix * np.sign(np.linalg.det(matrix))
    return rotation
