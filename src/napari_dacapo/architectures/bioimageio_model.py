"""A model of bioimage.io, as a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.architectures.bioimageio_file import BioimageioFile, read_bioimageio
from napari_dacapo.architectures.file_network import FileNetwork
from napari_dacapo.architectures.levels import Increases, Sizes
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from torch import nn


class BioimageioModel(FileNetwork):
    """A model of bioimage.io from its package, whose output is given to the task.

    The package tells which shapes it takes and gives. Its weights are where training starts; what it does on
    images before the network is chosen by the datasplit's normalization.
    """

    path: Annotated[str, Field(min_length=1)]
    "The package (.zip), its folder or its rdf.yaml; a relative path starts where the program was started."

    input_shape: Sizes = (64, 64, 64)
    "Training patch in voxels, (z,) y, x; one of those that the package allows."

    eval_shape_increase: Increases = (0, 0, 0)
    "How much larger than a training patch a block of prediction is, in voxels, (z,) y, x."

    @field_validator("eval_shape_increase")
    @classmethod
    def _of_as_many_axes(cls, increase: Voxels, info: ValidationInfo) -> Voxels:
        patch = info.data.get("input_shape", increase)
        if any(increase) and len(increase) != len(patch):
            raise ValueError(f"it has {len(increase)} numbers, the patch {len(patch)}. Give {len(patch)}")
        return increase

    @property
    def validation_patch(self) -> Voxels:
        """Zeros are as good in 2D, however many."""
        return super().validation_patch if any(self.eval_shape_increase) else self.input_shape

    @property
    def file(self) -> BioimageioFile:
        """What the package tells. Raises UserInputError where it cannot be read, or does not fit."""
        found = read_bioimageio(self.place)
        if found.dims != len(self.input_shape):
            problem = f"this network works in {found.dims}D"
            raise UserInputError("input_shape", self.input_shape, problem, f"Give {found.dims} sizes")
        return found

    @property
    def output_channels(self) -> int:
        return len(self.file.output_channels)

    @property
    def scale(self) -> Voxels:
        return self.file.scale

    @property
    def context(self) -> Voxels:
        """By what is lost and by the halo; 1 where the package tells neither."""
        file = self.file
        sides = zip(file.lost, file.halo, file.scale, strict=True)
        return tuple(1 + lost + 2 * -(-halo // scale) for lost, halo, scale in sides)

    @property
    def stride(self) -> Voxels:
        return tuple(max(1, step) for step in self.file.steps)

    @property
    def shrinks_by(self) -> Voxels:
        return self.file.lost

    @property
    def is_told_at_once(self) -> bool:
        return False

    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        file = self.file
        if len(wish) != file.dims:
            fix = f"Give {file.dims} sizes, one for each axis"
            raise UserInputError("input_shape", wish, f"this network works in {file.dims}D", fix)
        return tuple(_nearest(*each, at_least) for each in zip(wish, file.smallest, file.steps, strict=True))

    def parameter_count(self, input_channels: int) -> int:
        return sum(weight.numel() for weight in self._network(self.file).parameters())

    def build(self, input_channels: int) -> nn.Module:
        file = self.file
        if input_channels != file.input_channels:
            problem = f"this network takes {file.input_channels} channels, the data have {input_channels}"
            raise UserInputError("path", self.path, problem, "Select channels of the image, or another model")
        return self._network(file)

    def _network(self, file: BioimageioFile) -> nn.Module:
        from napari_dacapo.networks.bioimageio_module import load_model, reordered
        from napari_dacapo.networks.saved_module import SavedModule

        module = SavedModule(load_model(file.description, self.trusted), self.trainable)
        return reordered(module, file.input_axes, file.output_axes)


def _nearest(wish: int, smallest: int, step: int, at_least: bool) -> int:
    """Of an axis of one size only, that."""
    if not step:
        return smallest
    apart = max(0, wish - smallest)
    return smallest + step * (-(-apart // step) if at_least else (apart + step // 2) // step)
