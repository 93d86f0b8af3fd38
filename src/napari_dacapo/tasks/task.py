"""What a network learns."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.config import Family
from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.postprocessor import Parameters, PostProcessor, Range
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.scores.criterion import Criterion

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["JUDGING", "Activation", "Criterion", "Masks", "Parameters", "Range", "Task"]

JUDGING = (
    "postprocessor",
    "scores",
    "class_scores",
)  # fields that come after the network: they change no weight

Activation = Literal["sigmoid", "softmax", "clip", "own"]  # "clip": to the range of the prediction
Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]  # what was found and what is true, ((z,) y, x) each


class Task(Family):
    """What to learn: target and loss, head, post-processing and scores. Arrays are (c, (z,) y, x)."""

    @abstractmethod
    def channel_names(self, dims: int) -> tuple[str, ...]:
        """One name per output channel; heads of other runs are matched by these.

        Raises UserInputError where the task is not for data of so many dimensions.
        """

    @abstractmethod
    def padding(self, voxel_size: World) -> tuple[Voxels, Voxels]:
        """Voxels of labels before and after the output that the target needs to be right at its border."""

    def known_of(self, known: NDArray[np.bool_], annotated: tuple[str, ...]) -> NDArray[np.bool_]:
        """`known` with a channel for each class, where a dataset has labels of only some classes.

        As it is where `annotated` is empty: then all are. Raises UserInputError for what is no class.
        """
        if annotated:
            problem = "this task finds objects and has no classes"
            raise UserInputError(
                "annotated", annotated, problem, "Leave it empty, or choose a task of classes"
            )
        return known

    @abstractmethod
    def refuse_labels(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        """Raises UserInputError for labels this task cannot learn from; a sample is shown before training.

        `labels` ((z,) y, x) or (c, (z,) y, x) unsigned; `known` is ((z,) y, x).
        """

    @abstractmethod
    def target(
        self, labels: NDArray[Any], known: NDArray[np.bool_], voxel_size: World
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Target and weight, (c, (z,) y, x), of the output's shape.

        `labels` ((z,) y, x) or (c, (z,) y, x) integer, 0 background, and `known` ((z,) y, x), or as
        `known_of` gives it, are larger than the output by `padding`. The target may be uint8 or float32; the
        weight is 0 wherever the target would need an unknown voxel, and balances the classes elsewhere.
        """

    @abstractmethod
    def head(self, features: int, dims: int) -> nn.Module:
        """The last layer, (b, features, ...) -> (b, channels, ...), without activation."""

    @abstractmethod
    def loss(self, output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """A scalar, 0 if no voxel has weight; `output` is the head's, all (b, c, (z,) y, x) float32."""

    @abstractmethod
    def activate(self, output: torch.Tensor) -> torch.Tensor:
        """The prediction: what `segment` and a person look at, from the head's output."""

    @property
    def activation(self) -> Activation:
        """What `activate` does, in a word of other programs; "own" where they have none."""
        return "own"

    @property
    def prediction_range(self) -> tuple[float, float]:
        """The lowest and the highest number of a prediction."""
        return 0.0, 1.0

    @abstractmethod
    def parameter_grid(self) -> tuple[Parameters, ...]:
        """Every combination of post-processing parameters that validation tries."""

    def parameter_ranges(self) -> dict[str, Range]:
        """What each of those parameters that is a number may be."""
        values = (getattr(self, name) for name in type(self).model_fields)
        processors = (value for value in values if isinstance(value, PostProcessor))
        return {name: each for processor in processors for name, each in processor.ranges().items()}

    def segmenting_bytes(self, dims: int) -> int:
        """How many of memory a voxel takes while it is segmented.

        A channel takes 7: as it is stored (2), as it is computed with (4), and whether it is finite (1).
        """
        values = (getattr(self, name) for name in type(self).model_fields)
        beside = (value.bytes_per_voxel for value in values if isinstance(value, PostProcessor))
        return 7 * len(self.channel_names(dims)) + max(beside, default=0)

    @abstractmethod
    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        """Object or class ids ((z,) y, x) unsigned, from a prediction (c, (z,) y, x)."""

    def stitching(self) -> Stitching | None:
        """How objects found block by block become those of the whole; None where ids are classes."""
        return None

    @abstractmethod
    def criteria(self) -> tuple[Criterion, ...]:
        """Every score, the one that decides which weights are best first."""

    @abstractmethod
    def score(
        self,
        segmentation: NDArray[Any],
        labels: NDArray[Any],
        known: NDArray[np.bool_],
        voxel_size: World | None = None,
    ) -> dict[str, float]:
        """Every criterion's value by name, unknown voxels left out.

        `segmentation` ((z,) y, x); `labels` and `known` as for the target, unpadded. Distances are in voxels
        where their size is not given.
        """

    def class_masks(
        self, segmentation: NDArray[Any], labels: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, Masks]:
        """What was found of each class and what is true, by its name; empty where ids are objects."""
        return {}
