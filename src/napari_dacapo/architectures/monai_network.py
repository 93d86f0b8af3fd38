"""A network of MONAI, as a record."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.architectures.anisotropy import pooling_warning
from napari_dacapo.architectures.architecture import FLOAT32_BYTES, TRAINED_COPIES
from napari_dacapo.architectures.levels import Factors, Increases, Sizes, check_factors
from napari_dacapo.architectures.stepped_network import SteppedNetwork
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from torch import nn

    from napari_dacapo.networks.monai_networks import MonaiPlan

NetworkName = Literal["SegResNet", "DynUNet", "SwinUNETR", "AttentionUnet", "BasicUNetPlusPlus"]

INSTALL = "Install it: pip install 'napari-dacapo[monai]'"
LEVELS = {"SwinUNETR": 5, "BasicUNetPlusPlus": 4}  # how many poolings there have to be
OF_TWELVE = ("SwinUNETR",)  # whose feature maps are split among attention's heads
# voxels that the layers of a level see on each side, on that level's grid; of attention those of its windows
REACHES = {"SegResNet": 7, "DynUNet": 4, "SwinUNETR": 14, "AttentionUnet": 5, "BasicUNetPlusPlus": 8}
# times the feature maps of the finest level: what is kept for gradients, measured on 64^3
KEPT = {"SegResNet": 20, "DynUNet": 28, "SwinUNETR": 45, "AttentionUnet": 25, "BasicUNetPlusPlus": 60}


class MonaiNetwork(SteppedNetwork):
    """A network of MONAI: SegResNet, DynUNet (that of nnU-Net), SwinUNETR, AttentionUnet or UNet++.

    Its output is as large as its input. Normalisations and attention see the whole of a block, so blocks of
    a prediction differ slightly where they meet; `margin` is cut away there.
    """

    network: NetworkName = "SegResNet"
    "Which one."

    num_fmaps: Annotated[int, Field(ge=1, le=512)] = 16
    "Feature maps at the finest level, twice as many at each coarser one. SwinUNETR: a multiple of 12."

    downsample_factors: Annotated[tuple[Factors, ...], Field(min_length=1, max_length=8)] = ((2, 2, 2),) * 3
    "Pooling from each level to the next, one factor per axis. Only DynUNet takes others than 2."

    normalization: Literal["instance", "group", "batch"] = "instance"
    "After each convolution. batch wants large batches. AttentionUnet always has batch."

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    "The share of features that are left out at random while it is trained."

    fmaps_out: Annotated[int, Field(ge=1, le=1024)] = 16
    "Feature maps given to the task."

    input_shape: Sizes = (96, 96, 96)
    "Training patch in voxels, (z,) y, x."

    eval_shape_increase: Increases = (32, 32, 32)
    "How much larger than a training patch a block of prediction is, in voxels, (z,) y, x."

    margin: Increases = (16, 16, 16)
    "Voxels at each side of a block of prediction that are cut away, since they see less around them."

    @field_validator("num_fmaps")
    @classmethod
    def _heads_share_them(cls, fmaps: int, info: ValidationInfo) -> int:
        if info.data.get("network") in OF_TWELVE and fmaps % 12:
            raise ValueError(f"{info.data['network']} takes multiples of 12. Give 12, 24 or 48")
        return fmaps

    @field_validator("downsample_factors")
    @classmethod
    def _network_has_such(cls, factors: tuple[Voxels, ...], info: ValidationInfo) -> tuple[Voxels, ...]:
        check_factors(factors, len(factors[0]))
        name = info.data.get("network", "DynUNet")
        wanted = LEVELS.get(name, len(factors))
        if len(factors) != wanted:
            raise ValueError(f"{name} has {wanted} poolings, here are {len(factors)}. List {wanted}")
        if name != "DynUNet" and {factor for level in factors for factor in level} != {2}:
            raise ValueError(f"{name} halves along every axis. Write 2 everywhere, or choose DynUNet")
        return factors

    @field_validator("input_shape", "eval_shape_increase")
    @classmethod
    def _by_whole_strides(cls, shape: Voxels, info: ValidationInfo) -> Voxels:
        factors = info.data.get("downsample_factors")
        if factors is None:
            return shape
        strides = _strides(factors)
        if len(shape) != len(strides):
            raise ValueError(f"it has {len(shape)} numbers, this network works in {len(strides)}D")
        least = 2 if info.field_name == "input_shape" else 0
        near = tuple(max(least, round(n / by)) * by for n, by in zip(shape, strides, strict=True))
        if near != shape:
            raise ValueError(f"this network takes multiples of {strides}. Nearest: {near}")
        return shape

    @field_validator("margin")
    @classmethod
    def _of_as_many_axes(cls, margin: Voxels, info: ValidationInfo) -> Voxels:
        dims = len(info.data.get("input_shape", margin))
        if len(margin) != dims:
            raise ValueError(f"it has {len(margin)} numbers, the patch {dims}. Give {dims}")
        return margin

    @property
    def scale(self) -> Voxels:
        return (1,) * self.dims

    @property
    def stride(self) -> Voxels:
        return _strides(self.downsample_factors)

    @property
    def shrinks_by(self) -> Voxels:
        return (0,) * self.dims

    @property
    def context(self) -> Voxels:
        """By its convolutions and windows; what normalisations see besides is not counted."""
        reach = REACHES[self.network]
        grids = [(1,) * self.dims]
        for factors in self.downsample_factors:
            grids.append(tuple(size * factor for size, factor in zip(grids[-1], factors, strict=True)))
        return tuple(1 + 2 * reach * sum(sizes) for sizes in zip(*grids, strict=True))

    @property
    def border(self) -> Voxels:
        sides = zip(self.margin, self.stride, strict=True)
        return tuple(-(-margin // stride) * stride for margin, stride in sides)

    @property
    def is_told_at_once(self) -> bool:
        return False

    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        """Of at least two strides: one voxel at the bottom cannot be normalised."""
        nearest = super().nearest_input_shape(wish, at_least)
        return tuple(max(2 * by, n) for n, by in zip(nearest, self.stride, strict=True))

    def parameter_count(self, input_channels: int) -> int:
        """0 where MONAI is not installed."""
        return _parameter_count(self, input_channels)

    def training_bytes(self, input_channels: int, input_shape: Voxels, batch_size: int) -> int:
        weights = TRAINED_COPIES * self.parameter_count(input_channels)
        sample = (input_channels + KEPT[self.network] * self.num_fmaps) * prod(input_shape)
        return FLOAT32_BYTES * (weights + batch_size * sample)

    def prediction_bytes(self, input_channels: int, input_shape: Voxels) -> int:
        held = (input_channels + KEPT[self.network] // 4 * self.num_fmaps) * prod(input_shape)
        return FLOAT32_BYTES * (self.parameter_count(input_channels) + held)

    def warnings(self, voxel_size: World) -> tuple[str, ...]:
        from napari_dacapo.networks.monai_networks import is_installed

        missing = () if is_installed() else (f"MONAI is not installed on this machine. {INSTALL}.",)
        pooling = pooling_warning(voxel_size, self.downsample_factors)
        return (*missing, *((pooling,) if pooling else ()))

    def build(self, input_channels: int) -> nn.Module:
        from napari_dacapo.networks.monai_networks import build, is_installed

        if not is_installed():
            raise UserInputError("network", self.network, "MONAI is not installed on this machine", INSTALL)
        return build(self.network, self._plan(input_channels))

    def _plan(self, input_channels: int) -> MonaiPlan:
        from napari_dacapo.networks.monai_networks import MonaiPlan

        return MonaiPlan(
            input_channels,
            self.num_fmaps,
            self.fmaps_out,
            self.downsample_factors,
            self.normalization,
            self.dropout,
        )


@cache
def _parameter_count(network: MonaiNetwork, input_channels: int) -> int:
    """Counted on a network that is built for it; torch's own random state is kept."""
    import torch

    from napari_dacapo.networks.monai_networks import is_installed

    if not is_installed():
        return 0
    with torch.random.fork_rng(devices=[]):
        return sum(weight.numel() for weight in network.build(input_channels).parameters())


def _strides(factors: tuple[Voxels, ...]) -> Voxels:
    return tuple(prod(sizes) for sizes in zip(*factors, strict=True))
