"""A network as a record."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.config import Family

if TYPE_CHECKING:
    from torch import nn


FLOAT32_BYTES = 4
TRAINED_COPIES = 4  # the weight, its gradient, and the optimiser's two moments


class Architecture(Family):
    """A network: what it takes and gives, told before any training. Shapes are spatial: (z,) y, x."""

    if TYPE_CHECKING:  # fields of every kind; each declares them in its place, with its own defaults
        fmaps_out: int
        input_shape: Voxels
        eval_shape_increase: Voxels

    @property
    def dims(self) -> int:
        """Spatial dimensions, 2 or 3."""
        return len(self.input_shape)

    @property
    def input_patch(self) -> Voxels:
        """The spatial shape of a training patch."""
        return self.input_shape

    @property
    def validation_patch(self) -> Voxels:
        """The spatial shape of a block of prediction: larger, since nothing is kept for gradients."""
        pairs = zip(self.input_shape, self.eval_shape_increase, strict=True)
        return tuple(size + more for size, more in pairs)

    @property
    def output_channels(self) -> int:
        """Feature maps given to the task's head."""
        return self.fmaps_out

    @property
    @abstractmethod
    def scale(self) -> Voxels:
        """Output voxels per input voxel along each axis."""

    @property
    @abstractmethod
    def context(self) -> Voxels:
        """How many input voxels one output voxel sees along each axis (the receptive field)."""

    @property
    @abstractmethod
    def stride(self) -> Voxels:
        """A shift of the input by so many voxels shifts the output likewise: the product of the poolings."""

    @property
    def border(self) -> Voxels:
        """Input voxels around an output voxel that it may see, rounded up to whole strides."""
        sides = zip(self.context, self.stride, strict=True)
        return tuple(-(-(context // 2) // stride) * stride for context, stride in sides)

    @property
    def is_told_at_once(self) -> bool:
        """Whether all that is told here is computed from the fields: no file, no library is opened."""
        return True

    @abstractmethod
    def output_shape(self, input_shape: Voxels) -> Voxels:
        """The output's shape. Raises UserInputError naming the nearest shapes that work."""

    @abstractmethod
    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        """The valid input shape nearest to the wish along each axis, not smaller if `at_least`."""

    @abstractmethod
    def parameter_count(self, input_channels: int) -> int:
        """How many numbers are trained, the task's head not counted."""

    @abstractmethod
    def training_bytes(self, input_channels: int, input_shape: Voxels, batch_size: int) -> int:
        """An estimate of the memory a training step needs: weights, gradients, optimiser, activations."""

    @abstractmethod
    def prediction_bytes(self, input_channels: int, input_shape: Voxels) -> int:
        """An estimate of the memory one block of prediction needs."""

    def warnings(self, voxel_size: World) -> tuple[str, ...]:
        """What would train, but badly, on voxels of this size: a sentence each, with what to do."""
        return ()

    def file_hash(self) -> str:
        """Of the file that the network comes from, which says what weights mean; empty where none does."""
        return ""

    @abstractmethod
    def build(self, input_channels: int) -> nn.Module:
        """A fresh network, (b, input_channels, (z,) y, x) -> (b, output_channels, (z,) y, x)."""
