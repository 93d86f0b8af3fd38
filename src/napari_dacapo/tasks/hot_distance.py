"""One-hot classes and distances together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World
from napari_dacapo.postprocessors.postprocessor import Parameters
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.tasks.distance_target import certain, squeezed
from napari_dacapo.tasks.distances import Channels, Distances
from napari_dacapo.tasks.head import KernelSize, convolution, weighted_mean
from napari_dacapo.tasks.labels import each_class

if TYPE_CHECKING:
    import torch
    from torch import nn


class HotDistance(Distances):
    """Whether a voxel is inside (cross-entropy), and its signed distance to the boundary, of each class.

    Objects or classes as by SignedDistance, from the smaller of distance and certainty to be inside: what
    is inside by both. The network learns boundaries that are crisp and tells how deep inside a voxel lies.
    """

    channels: Channels = ("object",)
    "The name of each class."

    kernel_size: KernelSize = 1
    "Voxels the last layer sees along each axis, odd; above 1 blocks of a prediction show at their borders."

    def learned(self, distance: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        return squeezed(distance, scale)

    def certain(
        self, distance: NDArray[np.float32], known: NDArray[np.bool_], voxel_size: World, reach: float
    ) -> NDArray[np.bool_]:
        return certain(distance, known, voxel_size, reach)

    def channel_names(self, dims: int) -> tuple[str, ...]:
        return tuple(f"{name}_{what}" for what in ("inside", "distance") for name in self.channels)

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        distances, weights = super().target(labels, known, voxel_size)
        everywhere, each_known = each_class(known, len(self.channels), len(voxel_size))
        inner = self.inner(everywhere.shape, voxel_size)
        inside = [objects[inner] != 0 for objects in self.objects_of(labels, everywhere)]
        own = [
            self.balanced_by_inside(mine, there[inner])
            for mine, there in zip(inside, each_known, strict=True)
        ]
        return np.concatenate([inside, distances], dtype=np.float32), np.concatenate([own, weights])

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, 2 * len(self.channels), dims, self.kernel_size)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import binary_cross_entropy_with_logits

        count = len(self.channels)
        inside = binary_cross_entropy_with_logits(output[:, :count], target[:, :count], reduction="none")
        distances = super().loss(output[:, count:], target[:, count:], weight[:, count:])
        return weighted_mean(inside, weight[:, :count]) + distances

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        import torch

        count = len(self.channels)
        return torch.cat([output[:, :count].sigmoid(), output[:, count:].clamp(-1, 1)], dim=1)

    @property
    def prediction_range(self) -> tuple[float, float]:
        return -1.0, 1.0

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return super().segment(self._inside_by_both(prediction), parameters)

    def stitching(self) -> Stitching | None:
        own = super().stitching()
        return None if own is None else own.after(self._inside_by_both)

    def _inside_by_both(self, prediction: NDArray[np.float32]) -> NDArray[np.float32]:
        """(c, (z,) y, x) in [-1, 1], positive inside."""
        inside, distances = np.split(prediction, 2)
        return np.minimum(2 * inside - 1, distances)
