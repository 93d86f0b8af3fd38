"""Affinities, learned together with local shape descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.postprocessors.postprocessor import Parameters
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.balance import balanced
from napari_dacapo.tasks.head import convolution, weighted_mean
from napari_dacapo.tasks.shape_descriptors import Window, descriptor_names, descriptors_of, mostly_known

if TYPE_CHECKING:
    import torch
    from torch import nn


class AffinitiesWithDescriptors(Affinities):
    """Affinities, and beside them local shape descriptors, which make them better (Sheridan et al. 2022).

    A descriptor tells where in its object a voxel lies, and how long, wide and thick that is around it. The
    network learns both; objects are made from the affinities alone.
    """

    lsd_voxels: Annotated[int, Field(ge=1, le=50)] = 10
    "Sigma of the window in which an object's shape is looked at, in shortest sides of a voxel."

    downsample_lsds: Annotated[int, Field(ge=1, le=8)] = 1
    "Descriptors are computed for every so many voxels along each axis: 2 is several times faster."

    lsds_to_affs_weight_ratio: Annotated[float, Field(gt=0, le=1000)] = 1.0
    "How much the loss of descriptors counts for each part of that of affinities."

    def channel_names(self, dims: int) -> tuple[str, ...]:
        return (*super().channel_names(dims), *descriptor_names(dims))

    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        reach = self._window(voxel_size).reach
        before, after = (
            tuple(max(pair) for pair in zip(side, reach, strict=True)) for side in super().padding(voxel_size)
        )
        return before, after

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        affinities, weight = super().target(labels, known, voxel_size)
        window, around = self._window(voxel_size), self.padding(voxel_size)
        descriptors = descriptors_of(np.where(known, labels, 0), window, *around)
        objects = descriptors[-1] > 0
        judged = mostly_known(known, window, *around)
        counts = np.array([np.count_nonzero(judged & ~objects), np.count_nonzero(judged & objects)])
        classes = balanced(counts, self.lowest_share, self.highest_share)
        own = np.where(objects, classes[1], classes[0]) * judged
        return (
            np.concatenate([affinities, descriptors], dtype=np.float32),
            np.concatenate([weight, np.broadcast_to(own, descriptors.shape)]),
        )

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, len(self.channel_names(dims)), dims)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        count = len(self.neighborhood)
        affinities = super().loss(output[:, :count], target[:, :count], weight[:, :count])
        wrong = (output[:, count:].sigmoid() - target[:, count:]).square()
        return affinities + self.lsds_to_affs_weight_ratio * weighted_mean(wrong, weight[:, count:])

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return super().segment(self._affinities(prediction), parameters)

    def stitching(self) -> Stitching:
        return super().stitching().after(self._affinities)

    def _affinities(self, prediction: NDArray[np.float32]) -> NDArray[np.float32]:
        return prediction[: len(self.neighborhood)]

    def _window(self, voxel_size: World) -> Window:
        sigma = self.lsd_voxels * min(voxel_size)
        return Window(tuple(sigma / size for size in voxel_size), self.downsample_lsds)
