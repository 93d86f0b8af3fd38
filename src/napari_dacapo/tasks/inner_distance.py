"""Distance to the boundary, inside of objects only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World
from napari_dacapo.postprocessors.distance_postprocessor import DistancePostProcessor
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.tasks.distance_target import certain, squeezed
from napari_dacapo.tasks.distances import Distances
from napari_dacapo.tasks.task import Activation

if TYPE_CHECKING:
    import torch


class InnerDistance(Distances):
    """Distance to the boundary inside of objects as tanh(distance / scale); the background is 0 everywhere.

    Objects or classes as by SignedDistance. The background tells nothing of how near an object is, so that
    it may look like anything; thresholds lie above 0.
    """

    postprocessor: DistancePostProcessor = DistanceWatershed(seed=(0.2, 0.4, 0.6), threshold=(0.03, 0.1))
    "How objects or classes are made from distances, with thresholds above 0; Threshold gives classes."

    def learned(self, distance: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        return squeezed(distance.clip(0), scale)

    def certain(
        self, distance: NDArray[np.float32], known: NDArray[np.bool_], voxel_size: World, reach: float
    ) -> NDArray[np.bool_]:
        """All known background: that it is 0 does not depend on where the next object is."""
        return np.where(distance > 0, certain(distance, known, voxel_size, reach), known)

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        return output.clamp(0, 1)

    @property
    def activation(self) -> Activation:
        return "clip"
