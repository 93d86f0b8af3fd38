"""A network made elsewhere, as a record."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.architectures.architecture import FLOAT32_BYTES
from napari_dacapo.architectures.file_network import FileNetwork
from napari_dacapo.architectures.levels import Factors, Increases, Sizes
from napari_dacapo.arrays.box import Voxels

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = re.compile(r"/data/(\d+|weights/weight_\d+)$")  # tensors in a file of TorchScript or torch.export


class SavedNetwork(FileNetwork):
    """A network from a file, TorchScript or torch.export, whose features are given to the task.

    What a file does not tell is told here: which shapes it takes and gives, and how far it sees. Its weights
    are where training starts.
    """

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
    def scale(self) -> Voxels:
        return self.upsampling

    @property
    def context(self) -> Voxels:
        return self.sees

    @property
    def stride(self) -> Voxels:
        return self.step

    @property
    def shrinks_by(self) -> Voxels:
        return self.lost

    def parameter_count(self, input_channels: int) -> int:
        """As many as the file has numbers; 0 where there is none."""
        try:
            with zipfile.ZipFile(self.place) as archive:
                sizes = [each.file_size for each in archive.infolist() if WEIGHTS.search(each.filename)]
        except (zipfile.BadZipFile, OSError):
            return 0
        return sum(sizes) // FLOAT32_BYTES

    def build(self, input_channels: int) -> nn.Module:
        from napari_dacapo.networks.saved_module import SavedModule, load_module

        return SavedModule(load_module(self.place, self.trusted), self.trainable)
