"""Networks whose inside is not ours: they take a patch, and shapes that differ from it by whole strides."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import ClassVar

from napari_dacapo.architectures.architecture import FLOAT32_BYTES, TRAINED_COPIES, Architecture
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.errors import UserInputError


class SteppedNetwork(Architecture):
    """A network that takes its patch, and shapes that are larger or smaller by whole strides."""

    kept_maps: ClassVar[int] = 16  # times its output's: a guess of what such a network keeps for gradients

    @property
    @abstractmethod
    def shrinks_by(self) -> Voxels:
        """How many voxels fewer come out than went in, before any upsampling."""

    def output_shape(self, input_shape: Voxels) -> Voxels:
        nearest = self.nearest_input_shape(input_shape)
        if nearest != tuple(input_shape):
            problem = f"it differs from the patch {self.input_shape} by no whole steps of {self.stride}"
            raise UserInputError("input_shape", input_shape, problem, f"Nearest that works: {nearest}")
        sides = zip(input_shape, self.shrinks_by, self.scale, strict=True)
        return tuple((size - less) * factor for size, less, factor in sides)

    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        if len(wish) != self.dims:
            problem = f"this network works in {self.dims}D"
            raise UserInputError("input_shape", wish, problem, f"Give {self.dims} sizes, one for each axis")
        sides = zip(wish, self.input_shape, self.shrinks_by, self.stride, strict=True)
        return tuple(_nearest(*each, at_least) for each in sides)

    def training_bytes(self, input_channels: int, input_shape: Voxels, batch_size: int) -> int:
        weights = TRAINED_COPIES * self.parameter_count(input_channels)
        return FLOAT32_BYTES * (
            weights + batch_size * self.kept_maps * self._numbers(input_channels, input_shape)
        )

    def prediction_bytes(self, input_channels: int, input_shape: Voxels) -> int:
        weights = self.parameter_count(input_channels)
        return FLOAT32_BYTES * (weights + self.kept_maps // 4 * self._numbers(input_channels, input_shape))

    def _numbers(self, input_channels: int, input_shape: Voxels) -> int:
        """Of the input and the features, on the input's voxels."""
        return (input_channels + self.output_channels) * prod(input_shape)


def _nearest(wish: int, patch: int, lost: int, step: int, at_least: bool) -> int:
    """Of the sizes a whole number of steps from the patch that leave something, the nearest to the wish."""
    smallest = patch - (patch - lost - 1) // step * step
    apart = max(0, wish - smallest)
    steps = -(-apart // step) if at_least else (apart + step // 2) // step
    return smallest + steps * step
