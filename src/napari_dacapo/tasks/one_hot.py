"""Classes of voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.postprocessors.argmax import Argmax
from napari_dacapo.postprocessors.class_postprocessor import ClassPostProcessor
from napari_dacapo.postprocessors.postprocessor import Parameters
from napari_dacapo.scores.class_overlap import ClassOverlap, class_criteria, class_values
from napari_dacapo.scores.class_score import ClassScores, criteria_of_classes, values_of_classes
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.tasks.balance import Share, balanced, refuse_disorder
from napari_dacapo.tasks.head import KernelSize, convolution, weighted_mean
from napari_dacapo.tasks.labels import (
    each_class,
    judged_masks,
    known_classes,
    refuse_channels,
    refuse_other_classes,
)
from napari_dacapo.tasks.task import Activation, Masks, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

ClassName = Annotated[str, Field(min_length=1, max_length=100)]
Classes = Annotated[tuple[ClassName, ...], Field(min_length=2, max_length=1000)]


class OneHot(Task):
    """Semantic segmentation: one class a voxel, by softmax and cross-entropy. Ids are places in `classes`."""

    classes: Classes = ("background", "foreground")
    "The name of each class id from 0 on; the first, background, is in no mean score."

    kernel_size: KernelSize = 1
    "Voxels the last layer sees along each axis, odd; above 1 blocks of a prediction show at their borders."

    lowest_share: Share = 0.05
    "Classes are balanced as if none were rarer than this share of the voxels."

    highest_share: Share = 0.95
    "Classes are balanced as if none were more frequent than this share of the voxels."

    postprocessor: ClassPostProcessor = Argmax()
    "How classes are chosen from probabilities."

    class_scores: ClassScores = ()
    "What classes are judged by besides their overlap."

    @field_validator("classes")
    @classmethod
    def _different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("two classes have one name. Give each its own")
        return classes

    @model_validator(mode="after")
    def _shares_in_order(self) -> OneHot:
        refuse_disorder(self.lowest_share, self.highest_share)
        return self

    def channel_names(self, dims: int) -> tuple[str, ...]:
        return self.classes

    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        nothing = (0,) * len(voxel_size)
        return nothing, nothing

    def known_of(self, known: NDArray[np.bool_], annotated: tuple[str, ...]) -> NDArray[np.bool_]:
        """What is labelled background is known to be that only where all classes are annotated."""
        named = known_classes(known, self.classes[1:], annotated)
        if named.ndim == known.ndim:
            return named
        background: NDArray[np.bool_] = np.all(named, axis=0)
        return np.stack([background, *named])

    def refuse_labels(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        refuse_channels(labels, known)
        refuse_other_classes(labels, known, self.classes)

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        everywhere, each_known = each_class(known, len(self.classes), len(voxel_size))
        self.refuse_labels(labels, everywhere)
        ids = np.where(everywhere, labels, 0).astype(np.intp)
        target = np.stack([ids == place for place in range(len(self.classes))])
        judged: NDArray[np.bool_] = np.logical_or.reduce(target & np.stack(each_known), axis=0)
        counts = np.bincount(ids[judged], minlength=len(self.classes))
        per_class = balanced(counts, self.lowest_share, self.highest_share)
        weight = np.where(judged, per_class[ids], np.float32(0))
        return target.view(np.uint8), np.repeat(weight[None], len(target), axis=0)

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, len(self.classes), dims, self.kernel_size)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import log_softmax

        return weighted_mean(-log_softmax(output, dim=1), weight * target)

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        return output.softmax(dim=1)

    @property
    def activation(self) -> Activation:
        return "softmax"

    def parameter_grid(self) -> tuple[Parameters, ...]:
        return self.postprocessor.grid()

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return self.postprocessor.segment(prediction, parameters)

    def criteria(self) -> tuple[Criterion, ...]:
        return class_criteria(self._overlaps()) + criteria_of_classes(self.class_scores, self.classes[1:])

    def score(
        self,
        segmentation: NDArray[Any],
        labels: NDArray[Any],
        known: NDArray[np.bool_],
        voxel_size: World | None = None,
    ) -> dict[str, float]:
        _, each_known = each_class(known, len(self.classes), segmentation.ndim)
        if known.ndim == segmentation.ndim:
            tables = (Contingency.of(segmentation, labels, known),) * (len(self.classes) - 1)
        else:
            tables = tuple(Contingency.of(segmentation, labels, own) for own in each_known[1:])
        judged = judged_masks(self.class_masks(segmentation, labels, known), each_known[1:])
        sides = voxel_size or (1.0,) * segmentation.ndim
        return class_values(self._overlaps(), tables) | values_of_classes(self.class_scores, judged, sides)

    def class_masks(
        self, segmentation: NDArray[Any], labels: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, Masks]:
        named = enumerate(self.classes)
        return {name: (segmentation == place, labels == place) for place, name in named if place > 0}

    def _overlaps(self) -> tuple[ClassOverlap, ...]:
        named = enumerate(self.classes)
        return tuple(ClassOverlap(title=name, id=place) for place, name in named if place > 0)
