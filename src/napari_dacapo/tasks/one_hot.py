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
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.tasks.balance import Share, balanced
from napari_dacapo.tasks.head import convolution, weighted_mean
from napari_dacapo.tasks.labels import refuse_channels, refuse_other_classes
from napari_dacapo.tasks.task import Masks, Task

if TYPE_CHECKING:
    import torch
    from torch import nn

ClassName = Annotated[str, Field(min_length=1, max_length=100)]
Classes = Annotated[tuple[ClassName, ...], Field(min_length=2, max_length=1000)]


class OneHot(Task):
    """Semantic segmentation: one class a voxel, by softmax and cross-entropy. Ids are places in `classes`."""

    classes: Classes = ("background", "foreground")
    "The name of each class id from 0 on; the first, background, is in no mean score."

    kernel_size: Annotated[int, Field(ge=1, le=7)] = 1
    "Voxels the last layer sees along each axis, odd; above 1 blocks of a prediction show at their borders."

    lowest_share: Share = 0.05
    "Classes are balanced as if none were rarer than this share of the voxels."

    highest_share: Share = 0.95
    "Classes are balanced as if none were more frequent than this share of the voxels."

    postprocessor: ClassPostProcessor = Argmax()
    "How classes are chosen from probabilities."

    @field_validator("classes")
    @classmethod
    def _different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("two classes have one name. Give each its own")
        return classes

    @field_validator("kernel_size")
    @classmethod
    def _odd(cls, kernel_size: int) -> int:
        if kernel_size % 2 == 0:
            raise ValueError("it is even and has no middle. Choose 1, 3, 5 or 7")
        return kernel_size

    @model_validator(mode="after")
    def _shares_in_order(self) -> OneHot:
        if self.lowest_share >= self.highest_share:
            raise ValueError("lowest_share is not below highest_share. Choose such as 0.05 and 0.95")
        return self

    def channel_names(self, dims: int) -> tuple[str, ...]:
        return self.classes

    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        nothing = (0,) * len(voxel_size)
        return nothing, nothing

    def refuse_labels(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        refuse_channels(labels, known)
        refuse_other_classes(labels, known, self.classes)

    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        self.refuse_labels(labels, known)
        ids = np.where(known, labels, 0).astype(np.intp)
        counts = np.bincount(ids[known], minlength=len(self.classes))
        per_class = balanced(counts, self.lowest_share, self.highest_share)
        target = np.stack([ids == place for place in range(len(self.classes))]).view(np.uint8)
        weight = np.where(known, per_class[ids], np.float32(0))
        return target, np.repeat(weight[None], len(target), axis=0)

    def head(self, features: int, dims: int) -> nn.Module:
        return convolution(features, len(self.classes), dims, self.kernel_size)

    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import log_softmax

        return weighted_mean(-log_softmax(output, dim=1), weight * target)

    def activate(self, output: torch.Tensor) -> torch.Tensor:
        return output.softmax(dim=1)

    def parameter_grid(self) -> tuple[Parameters, ...]:
        return self.postprocessor.grid()

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        return self.postprocessor.segment(prediction, parameters)

    def criteria(self) -> tuple[Criterion, ...]:
        return class_criteria(self._overlaps())

    def score(
        self, segmentation: NDArray[Any], labels: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, float]:
        overlaps = self._overlaps()
        return class_values(overlaps, (Contingency.of(segmentation, labels, known),) * len(overlaps))

    def class_masks(
        self, segmentation: NDArray[Any], labels: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, Masks]:
        named = enumerate(self.classes)
        return {name: (segmentation == place, labels == place) for place, name in named if place > 0}

    def _overlaps(self) -> tuple[ClassOverlap, ...]:
        named = enumerate(self.classes)
        return tuple(ClassOverlap(title=name, id=place) for place, name in named if place > 0)
