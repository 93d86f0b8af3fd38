"""A network made elsewhere, as a record."""

from __future__ import annotations

import re
import zipfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.levels import Factors, Increases, Sizes
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from torch import nn

FLOAT32_BYTES = 4
TRAINED_COPIES = 4  # the weight, its gradient, and the optimiser's two moments
KEPT_MAPS = 16  # times its output's feature maps: a guess of what such a network keeps for gradients
WEIGHTS = re.compile(r"/data/(\d+|weights/weight_\d+)$")  # tensors in a file of TorchScript or torch.export


class SavedNetwork(Architecture):
    """A network from a file, TorchScript or torch.export, whose features are given to the task.

    What a file does not tell is told here: which shapes it takes and gives, and how far it sees. Its weights
    are where training starts.
    """

    path: Annotated[str, Field(min_length=1)]
    "The file; a relative path starts where the program was started."

    trusted: bool = False
    "Whether you trust who made it: opening an exported program may run any code. TorchScript needs no trust."

    trainable: str = ""
    "A regular expression: only weights in whose names it is found are trained. Empty: all."

    fmaps_out: Annotated[int, Field(ge=1, le=65536)] = 12
    "Feature maps that it gives."

    input_shape: Sizes = (92, 92, 92)
    "Training patch in voxels, (z,) y, x."

    lost: Increases = (0, 0, 0)
    "How many voxels fewer come out than went in, before any upsampling, (z,) y, x."

    step: Sizes = (8, 8, 8)
    "It takes shapes larger or smaller than the patch by this many voxels: the product of its poolings."

    sees: Sizes = (44, 44, 44)
    "How many voxels of the input one voxel of the output depends on, (z,) y, x."

    upsampling: Factors = (1, 1, 1)
    "Voxels of the output for one of the input, (z,) y, x."

    eval_shape_increase: Increases = (0, 0, 0)
    "How much larger than a training patch a block of prediction is, in voxels, (z,) y, x."

    @field_validator("trainable")
    @classmethod
    def _is_an_expression(cls, trainable: str) -> str:
        try:
            re.compile(trainable)
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}. Write such as decoder|head") from None
        return trainable

    @field_validator("lost", "step", "sees", "upsampling", "eval_shape_increase")
    @classmethod
    def _of_as_many_axes(cls, sides: Voxels, info: ValidationInfo) -> Voxels:
        patch = info.data.get("input_shape", sides)
        if len(sides) != len(patch):
            raise ValueError(f"it has {len(sides)} numbers, the patch {len(patch)}. Give {len(patch)}")
        return sides

    @field_validator("lost")
    @classmethod
    def _something_is_left(cls, lost: Voxels, info: ValidationInfo) -> Voxels:
        if any(less >= size for less, size in zip(lost, info.data.get("input_shape", ()), strict=False)):
            raise ValueError("nothing of the patch would be left. Give less, or a larger patch")
        return lost

    @field_validator("eval_shape_increase")
    @classmethod
    def _by_whole_steps(cls, increase: Voxels, info: ValidationInfo) -> Voxels:
        if any(more % by for more, by in zip(increase, info.data.get("step", ()), strict=False)):
            raise ValueError(f"a block has to be larger by whole steps of {info.data['step']}")
        return increase

    @property
    def dims(self) -> int:
        return len(self.input_shape)

    @property
    def input_patch(self) -> Voxels:
        return self.input_shape

    @property
    def validation_patch(self) -> Voxels:
        pairs = zip(self.input_shape, self.eval_shape_increase, strict=True)
        return tuple(size + more for size, more in pairs)

    @property
    def output_channels(self) -> int:
        return self.fmaps_out

    @property
    def scale(self) -> Voxels:
        return self.upsampling

    @property
    def context(self) -> Voxels:
        return self.sees

    @property
    def stride(self) -> Voxels:
        return self.step

    def output_shape(self, input_shape: Voxels) -> Voxels:
        nearest = self.nearest_input_shape(input_shape)
        if nearest != tuple(input_shape):
            problem = f"it differs from the patch {self.input_shape} by no whole steps of {self.step}"
            raise UserInputError("input_shape", input_shape, problem, f"Nearest that works: {nearest}")
        sides = zip(input_shape, self.lost, self.upsampling, strict=True)
        return tuple((size - less) * factor for size, less, factor in sides)

    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        if len(wish) != self.dims:
            problem = f"this network works in {self.dims}D"
            raise UserInputError("input_shape", wish, problem, f"Give {self.dims} sizes, one for each axis")
        sides = zip(wish, self.input_shape, self.lost, self.step, strict=True)
        return tuple(_nearest(*each, at_least) for each in sides)

    def parameter_count(self, input_channels: int) -> int:
        """As many as the file has numbers; 0 where there is none."""
        try:
            with zipfile.ZipFile(Path(self.path).expanduser()) as archive:
                sizes = [each.file_size for each in archive.infolist() if WEIGHTS.search(each.filename)]
        except (zipfile.BadZipFile, OSError):
            return 0
        return sum(sizes) // FLOAT32_BYTES

    def training_bytes(self, input_channels: int, input_shape: Voxels, batch_size: int) -> int:
        weights = TRAINED_COPIES * self.parameter_count(input_channels)
        return FLOAT32_BYTES * (weights + batch_size * KEPT_MAPS * self._numbers(input_channels, input_shape))

    def prediction_bytes(self, input_channels: int, input_shape: Voxels) -> int:
        weights = self.parameter_count(input_channels)
        return FLOAT32_BYTES * (weights + KEPT_MAPS // 4 * self._numbers(input_channels, input_shape))

    def build(self, input_channels: int) -> nn.Module:
        from napari_dacapo.networks.saved_module import SavedModule, load_module

        return SavedModule(load_module(Path(self.path).expanduser(), self.trusted), self.trainable)

    def _numbers(self, input_channels: int, input_shape: Voxels) -> int:
        """Of the input and the features, on the input's voxels."""
        return (input_channels + self.fmaps_out) * prod(input_shape)


def _nearest(wish: int, patch: int, lost: int, step: int, at_least: bool) -> int:
    """Of the sizes a whole number of steps from the patch that leave something, the nearest to the wish."""
    smallest = patch - (patch - lost - 1) // step * step
    apart = max(0, wish - smallest)
    steps = -(-apart // step) if at_least else (apart + step // 2) // step
    return smallest + steps * step
