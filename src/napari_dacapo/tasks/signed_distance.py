"""Signed distance to the boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World
from napari_dacapo.tasks.distance_target import certain, squeezed
from napari_dacapo.tasks.distances import Distances
from napari_dacapo.tasks.task import Activation

if TYPE_CHECKING:
    import torch


class SignedDistance(Distances):
    """Distance to the boundary (Heinrich et al. 2018) as tanh(distance / scale), positive inside.

    One channel and a post-processor that gives objects: objects, each with its own boundary even where two
    touch. Otherwise classes: channel i is what is not 0 in channel i of the labels, or has the id i + 1.
    """

    def learned(self, distance: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        return squeezed(distance, scale)

    def certain(
        self, distance: NDArray[np.float32], known: NDArray[np.bool_], voxel_size: World, reach: float
    ) -> NDArray[np.bool_]:
        return certain(distance, known, voxel_size, reach)

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        return output.clamp(-1, 1)

    @property
    def activation(self) -> Activation:
        return "clip"

    @property
    def prediction_range(self) -> tuple[float, float]:
        return -1.0, 1.0
