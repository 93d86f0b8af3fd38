"""Affinities: do two voxels belong to one object?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import fastremap
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.affinity_postprocessor import AffinityPostProcessor
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.postprocessor import Parameters
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.score import ObjectScores, criteria_of, values_of
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.affinity_target import affinities_of, count_pairs, weigh_pairs
from napari_dacapo.tasks.balance import Share, balanced, refuse_disorder
from napari_dacapo.tasks.head import convolution, weighted_mean
from napari_dacapo.tasks.labels import refuse_channels
from napari_dacapo.tasks.task import Activation, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

Offset = tuple[Annotated[int, Field(ge=-500, le=500)], ...]
EXAMPLES = {
    3: "((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 9, 0), (0, 0, 9))",
    2: "((1, 0), (0, 1), (9, 0), (0, 9))",
}


class Affinities(Task):
    """Objects by affinities (Turaga et al. 2010): do voxel p and voxel p + offset belong to one object?"""

    neighborhood: tuple[Offset, ...] = (
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
        (3, 0, 0),
        (0, 3, 0),
        (0, 0, 3),
        (0, 9, 0),
        (0, 0, 9),
    )
    "Offsets in voxels, (z,) y, x: the next voxel along each axis, and long ones. 2D: (1, 0), (0, 1), (0, 9)."

    background_as_object: bool = False
    "Whether two background voxels belong together."

    lowest_share: Share = 0.05
    "Classes are balanced as if the rarer of joined and parted pairs were no rarer than this share."

    highest_share: Share = 0.95
    "Classes are balanced as if the more frequent one were no more frequent than this share."

    postprocessor: AffinityPostProcessor = MutexWatershed()
    "How objects are made from affinities."

    scores: ObjectScores = (
        VariationOfInformation(),
        AdaptedRand(),
        Detection(),
        MeanIoU(),
    )
    "What segmentations are judged by; the first number of the first decides which weights are best."

    @field_validator("neighborhood")
    @classmethod
    def _complete(cls, neighborhood: tuple[Voxels, ...]) -> tuple[Voxels, ...]:
        lengths = {len(offset) for offset in neighborhood}
        if len(lengths) != 1 or not lengths <= {2, 3}:
            raise ValueError(f"every offset has three numbers, or two for 2D. For example {EXAMPLES[3]}")
        (dims,) = lengths
        for axis in range(dims):
            unit = tuple(int(other == axis) for other in range(dims))
            if unit not in neighborhood and tuple(-step for step in unit) not in neighborhood:
                raise ValueError(f"the next voxel along an axis is missing. Add {unit}")
        if len(set(neighborhood)) < len(neighborhood):
            raise ValueError("an offset stands twice. Remove one of them")
        if (0,) * dims in neighborhood:
            raise ValueError("a voxel always belongs with itself. Remove the offset of zeros")
        return neighborhood

    @model_validator(mode="after")
    def _shares_in_order(self) -> Affinities:
        refuse_disorder(self.lowest_share, self.highest_share)
        return self

    def channel_names(self, dims: int) -> tuple[str, ...]:
        own = len(self.neighborhood[0])
        if own != dims:
            problem = f"its offsets have {own} numbers, the network and the data {dims} dimensions"
            raise UserInputError("neighborhood", self.neighborhood, problem, f"Give such as {EXAMPLES[dims]}")
        return tuple(_channel_name(offset) for offset in self.neighborhood)

    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        along_axes = tuple(zip(*self.neighborhood, strict=True))
        before = tuple(max(0, -min(steps)) for steps in along_axes)
        return before, tuple(max(0, *steps) for steps in along_axes)

    def refuse_labels(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        refuse_channels(labels, known)

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        self.refuse_labels(labels, known)
        before, after = self.padding(voxel_size)
        target, judged = affinities_of(
            _small_ids(labels), known, self.neighborhood, before, after, self.background_as_object
        )
        weight = np.empty(target.shape, np.float32)
        for channel, (pairs, counted) in enumerate(zip(target, judged, strict=True)):
            classes = balanced(count_pairs(pairs, counted), self.lowest_share, self.highest_share)
            weigh_pairs(pairs, counted, classes, weight[channel])
        return target, weight

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, len(self.neighborhood), dims)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import binary_cross_entropy_with_logits

        return weighted_mean(binary_cross_entropy_with_logits(output, target, reduction="none"), weight)

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        return output.sigmoid()

    @property
    def activation(self) -> Activation:
        return "sigmoid"

    def parameter_grid(self) -> tuple[Parameters, ...]:
        return self.postprocessor.grid()

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return self.postprocessor.segment(prediction, self.neighborhood, parameters)

    def stitching(self) -> Stitching:
        return self.postprocessor.stitching(self.neighborhood)

    def criteria(self) -> tuple[Criterion, ...]:
        return criteria_of(self.scores)

    def score(
        self,
        segmentation: NDArray[Any],
        labels: NDArray[Any],
        known: NDArray[np.bool_],
        voxel_size: World | None = None,
    ) -> dict[str, float]:
        return values_of(self.scores, Contingency.of(segmentation, labels, known))


def _channel_name(offset: Voxels) -> str:
    """(3, 0, -1) is "affinity_z3_xm1", an identifier, as exchange formats ask for."""
    axes = zip("zyx"[-len(offset) :], offset, strict=True)
    return "_".join(["affinity", *(f"{axis}{step}".replace("-", "m") for axis, step in axes if step)])


def _small_ids(labels: NDArray[Any]) -> NDArray[Any]:
    """The same objects as uint16 where there are few enough: comparing is then several times faster."""
    if labels.dtype.itemsize <= 2:
        return labels.astype(np.uint16, copy=False)
    renumbered, _ = fastremap.renumber(labels)
    return renumbered.astype(np.uint16 if renumbered.itemsize <= 2 else np.uint32, copy=False)
