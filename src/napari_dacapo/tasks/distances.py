"""What all tasks share that learn distances to the boundary."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.distance_postprocessor import DistancePostProcessor
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.postprocessor import Parameters
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.class_overlap import ClassOverlap, class_criteria, class_values
from napari_dacapo.scores.class_score import ClassScores, criteria_of_classes, values_of_classes
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.score import ObjectScores, criteria_of, values_of
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.balance import Share, balanced, refuse_disorder
from napari_dacapo.tasks.distance_target import signed_distance
from napari_dacapo.tasks.head import convolution, weighted_mean
from napari_dacapo.tasks.labels import (
    each_class,
    judged_masks,
    known_classes,
    refuse_channels,
    refuse_other_classes,
    shortened,
)
from napari_dacapo.tasks.task import Masks, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

ChannelName = Annotated[str, Field(min_length=1, max_length=100)]
Channels = Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=255)]
VOXELS_OF_SCALE = 10
REACH = 2.0  # in scales; tanh(2) = 0.96, farther voxels are all alike
MOST_PADDING = 256  # voxels


class Distances(Task):
    """Distances to the boundary as tanh(distance / scale).

    One channel and a post-processor that gives objects: objects, each with its own boundary even where two
    touch. Otherwise classes: channel i is what is not 0 in channel i of the labels, or has the id i + 1.
    """

    channels: Channels = ("distance",)
    "The name of each channel, that is of each class."

    scale: Annotated[float, Field(gt=0)] | None = None
    "The distance, in world units, at which tanh is 0.76; nothing: ten of the smallest side of a voxel."

    lowest_share: Share = 0.05
    "Inside and outside are balanced as if the rarer were no rarer than this share."

    highest_share: Share = 0.95
    "Inside and outside are balanced as if the more frequent were no more frequent than this share."

    postprocessor: DistancePostProcessor = DistanceWatershed()
    "How objects or classes are made from distances; Threshold gives classes."

    scores: ObjectScores = (
        Detection(),
        MeanIoU(),
        VariationOfInformation(),
        AdaptedRand(),
    )
    "What objects are judged by, the first number of the first decides; classes are judged by their overlap."

    class_scores: ClassScores = ()
    "What classes are judged by besides their overlap."

    @field_validator("channels")
    @classmethod
    def _different(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(channels)) < len(channels):
            raise ValueError("two channels have one name. Give each its own")
        return channels

    @model_validator(mode="after")
    def _fits_together(self) -> Distances:
        refuse_disorder(self.lowest_share, self.highest_share)
        if self._gives_objects and len(self.channels) > 1:
            kind = type(self.postprocessor).__name__
            raise ValueError(
                f"{kind} makes objects, from one channel; there are {len(self.channels)}. "
                "Choose Threshold as the post-processor, or name one channel"
            )
        return self

    @abstractmethod
    def learned(self, distance: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        """The target, from signed distances: positive inside."""

    @abstractmethod
    def certain(
        self, distance: NDArray[np.float32], known: NDArray[np.bool_], voxel_size: World, reach: float
    ) -> NDArray[np.bool_]:
        """Where the target is right, whatever stands in unknown voxels."""

    def channel_names(self, dims: int) -> tuple[str, ...]:
        return self.channels

    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        sides = tuple(math.ceil(REACH * self._scale(voxel_size) / size) for size in voxel_size)
        if max(sides) > MOST_PADDING:
            fix = f"Choose about {VOXELS_OF_SCALE * min(voxel_size):g}, ten voxels"
            problem = f"with voxels of {voxel_size} the target would need {max(sides)} voxels around a patch"
            raise UserInputError("scale", self.scale, problem, fix)
        return sides, sides

    def known_of(self, known: NDArray[np.bool_], annotated: tuple[str, ...]) -> NDArray[np.bool_]:
        return known_classes(known, self.channels, annotated)

    def refuse_labels(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        if self._gives_objects:
            refuse_channels(labels, known)
        elif labels.ndim > known.ndim and len(labels) != len(self.channels):
            names = shortened(self.channels)
            problem = f"they have {len(labels)} channels, the task {len(self.channels)}: {names}"
            raise UserInputError("labels", f"shape {labels.shape}", problem, "Make them the same")
        elif labels.ndim == known.ndim and len(self.channels) > 1:
            refuse_other_classes(labels, known, ("background", *self.channels))

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        everywhere, each_known = each_class(known, len(self.channels), len(voxel_size))
        self.refuse_labels(labels, everywhere)
        pairs = [
            self._channel_target(objects, own, voxel_size)
            for objects, own in zip(self.objects_of(labels, everywhere), each_known, strict=True)
        ]
        targets, weights = zip(*pairs, strict=True)
        return np.stack(targets), np.stack(weights)

    def _channel_target(
        self, objects: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scale = self._scale(voxel_size)
        distance = signed_distance(objects, voxel_size, REACH * scale)
        inner = self.inner(known.shape, voxel_size)
        judged = self.certain(distance, known, voxel_size, REACH * scale)[inner]
        weight = self.balanced_by_inside(distance[inner] > 0, judged)
        return self.learned(distance[inner], scale), weight

    def balanced_by_inside(self, inside: NDArray[np.bool_], judged: NDArray[np.bool_]) -> NDArray[np.float32]:
        """A weight for each voxel that is judged, so that inside and outside count alike."""
        counts = np.array([np.count_nonzero(judged & ~inside), np.count_nonzero(judged & inside)])
        outer, own = balanced(counts, self.lowest_share, self.highest_share)
        weight: NDArray[np.float32] = np.where(inside, own, outer) * judged
        return weight

    def inner(self, shape: Voxels, voxel_size: World) -> tuple[slice, ...]:
        """The output's voxels among those of labels with padding."""
        before, after = self.padding(voxel_size)
        return tuple(slice(b, n - a) for n, b, a in zip(shape, before, after, strict=True))

    def objects_of(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> list[NDArray[Any]]:
        """What is inside of each channel, ((z,) y, x) each: ids of objects, or whether it is of the class."""
        if self._gives_objects:
            return [labels]
        if labels.ndim > known.ndim:
            return [channel != 0 for channel in labels]
        if len(self.channels) == 1:
            return [labels != 0]
        return [labels == place for place in range(1, len(self.channels) + 1)]

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, len(self.channels), dims)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return weighted_mean((output - target).square(), weight)

    def parameter_grid(self) -> tuple[Parameters, ...]:
        return self.postprocessor.grid()

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return self.postprocessor.segment(prediction, parameters)

    def stitching(self) -> Stitching | None:
        return self.postprocessor.stitching()

    def criteria(self) -> tuple[Criterion, ...]:
        if self._gives_objects:
            return criteria_of(self.scores)
        return class_criteria(self._overlaps()) + criteria_of_classes(self.class_scores, self.channels)

    def score(
        self,
        segmentation: NDArray[Any],
        labels: NDArray[Any],
        known: NDArray[np.bool_],
        voxel_size: World | None = None,
    ) -> dict[str, float]:
        if self._gives_objects:
            return values_of(self.scores, Contingency.of(segmentation, labels, known))
        _, each_known = each_class(known, len(self.channels), segmentation.ndim)
        masks = self.class_masks(segmentation, labels, known)
        tables = tuple(
            Contingency.of(found.view(np.uint8), true.view(np.uint8), own)
            for (found, true), own in zip(masks.values(), each_known, strict=True)
        )
        overlaps = class_values(self._overlaps(), tables)
        judged = judged_masks(masks, each_known)
        sides = voxel_size or (1.0,) * segmentation.ndim
        return overlaps | values_of_classes(self.class_scores, judged, sides)

    def class_masks(
        self, segmentation: NDArray[Any], labels: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, Masks]:
        if self._gives_objects:
            return {}
        everywhere, _ = each_class(known, len(self.channels), segmentation.ndim)
        named = enumerate(zip(self.channels, self.objects_of(labels, everywhere), strict=True), start=1)
        return {name: (segmentation == place, objects != 0) for place, (name, objects) in named}

    @property
    def _gives_objects(self) -> bool:
        return self.postprocessor.gives == "objects"

    def _scale(self, voxel_size: World) -> float:
        return VOXELS_OF_SCALE * min(voxel_size) if self.scale is None else self.scale

    def _overlaps(self) -> tuple[ClassOverlap, ...]:
        return tuple(ClassOverlap(title=name, id=1) for name in self.channels)
