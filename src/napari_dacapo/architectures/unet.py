"""A U-Net in DaCapo's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.architectures.anisotropy import pooling_warning
from napari_dacapo.architectures.architecture import FLOAT32_BYTES, TRAINED_COPIES, Architecture
from napari_dacapo.architectures.input_shapes import misfit
from napari_dacapo.architectures.levels import (
    Factors,
    Increases,
    Kernels,
    Sizes,
    check_factors,
    check_kernels,
    usual_kernels,
)
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.errors import UserInputError
from napari_dacapo.networks import estimates, shapes, stages
from napari_dacapo.networks.plan import Normalization, Padding, UNetPlan

if TYPE_CHECKING:
    from torch import nn

OF_THE_KIND = ("input_channels", "residual")  # told by data and kind, not by a field
PLAN_FIELDS = tuple(field.name for field in fields(UNetPlan) if field.name not in OF_THE_KIND)


class UNet(Architecture):
    """A U-Net: features at ever coarser levels, brought back to the fine grid level by level.

    The defaults see 44 voxels along each axis and turn a patch of 92 into an output of 52.
    """

    num_fmaps: Annotated[int, Field(ge=1, le=1024)] = 12
    "Feature maps at the finest level."

    fmap_inc_factor: Annotated[int, Field(ge=1, le=16)] = 3
    "Each level has this many times the feature maps of the next finer one."

    fmaps_out: Annotated[int, Field(ge=1, le=1024)] = 12
    "Feature maps given to the task."

    downsample_factors: Annotated[tuple[Factors, ...], Field(min_length=1, max_length=8)] = (
        (2, 2, 2),
        (2, 2, 2),
    )
    "Pooling from each level to the next coarser one, one factor per axis, (z,) y, x; 1 along coarse axes."

    kernel_size_down: Annotated[tuple[Kernels, ...], Field(max_length=9)] = ()
    "Convolutions on the way down, level by level and the bottom last, in voxels. Empty: two of 3 a level."

    kernel_size_up: Annotated[tuple[Kernels, ...], Field(max_length=8)] = ()
    "Convolutions on the way up, the finest level first, in voxels. Empty: two of 3 a level."

    upsample_factors: Annotated[tuple[Factors, ...], Field(max_length=4)] = ()
    "Make the output finer than the input, factor by factor, each followed by the finest level's kernels."

    constant_upsample: bool = True
    "Repeat voxels on the way up (fast, no checkerboards) instead of learning a transposed convolution."

    wide_last_rise: bool = False
    "Keep the feature maps of the level below on the last way up: slower; weights from DaCapo need it."

    padding: Padding = "valid"
    "valid: the output is smaller, and right up to its border. same: as large as the input."

    use_attention: bool = False
    "Let the way up weigh, voxel by voxel, what it takes over from the way down."

    normalization: Normalization = "none"
    "After each convolution. batch wants large batches; group and instance make blocks differ slightly."

    input_shape: Sizes = (92, 92, 92)
    "Training patch in voxels, (z,) y, x."

    eval_shape_increase: Increases = (72, 72, 72)
    "How much larger than a training patch a block of prediction is, in voxels, (z,) y, x."

    @field_validator("downsample_factors", "upsample_factors")
    @classmethod
    def _factors_agree(cls, factors: tuple[Voxels, ...], info: ValidationInfo) -> tuple[Voxels, ...]:
        poolings = info.data.get("downsample_factors", factors)
        if poolings:
            check_factors(factors, len(poolings[0]))
        return factors

    @field_validator("kernel_size_down", "kernel_size_up")
    @classmethod
    def _kernels_agree(
        cls, kernels: tuple[tuple[Voxels, ...], ...], info: ValidationInfo
    ) -> tuple[tuple[Voxels, ...], ...]:
        poolings = info.data.get("downsample_factors")
        if kernels and poolings:
            bottom = info.field_name == "kernel_size_down"
            check_kernels(kernels, len(poolings[0]), len(poolings) + bottom)
        return kernels

    @field_validator("input_shape")
    @classmethod
    def _network_takes_patch(cls, shape: Voxels, info: ValidationInfo) -> Voxels:
        if _is_complete(info.data) and (wrong := misfit(_plan(info.data, 1), shape)):
            raise ValueError(". ".join(wrong))
        return shape

    @field_validator("eval_shape_increase")
    @classmethod
    def _network_takes_block(cls, increase: Voxels, info: ValidationInfo) -> Voxels:
        patch = info.data.get("input_shape")
        if patch is None or not _is_complete(info.data):
            return increase
        if wrong := misfit(_plan(info.data, 1), increase, patch):
            raise ValueError(". ".join(wrong))
        return increase

    def plan(self, input_channels: int) -> UNetPlan:
        """The network in plain numbers, from which everything else follows."""
        return _plan({name: getattr(self, name) for name in PLAN_FIELDS}, input_channels)

    @property
    def scale(self) -> Voxels:
        return stages.scale(self.plan(1))

    @property
    def context(self) -> Voxels:
        return shapes.context(self.plan(1))

    @property
    def stride(self) -> Voxels:
        return stages.step(self.plan(1))

    @property
    def border(self) -> Voxels:
        return shapes.border(self.plan(1))

    def output_shape(self, input_shape: Voxels) -> Voxels:
        if wrong := misfit(self.plan(1), input_shape):
            raise UserInputError("input_shape", input_shape, *wrong)
        return shapes.shapes(self.plan(1), input_shape)[-1]

    def nearest_input_shape(self, wish: Voxels, at_least: bool = False) -> Voxels:
        if len(wish) != self.dims:
            raise UserInputError("input_shape", wish, *(misfit(self.plan(1), wish) or ()))
        return shapes.at_least(self.plan(1), wish) if at_least else shapes.nearest(self.plan(1), wish)

    def valid_sizes(self, axis: int, largest: int) -> range:
        """Every input size along an axis that the network can take, up to the largest."""
        plan = self.plan(1)
        return range(shapes.smallest(plan)[axis], largest + 1, stages.step(plan)[axis])

    def parameter_count(self, input_channels: int) -> int:
        return estimates.parameter_count(self.plan(input_channels))

    def training_bytes(self, input_channels: int, input_shape: Voxels, batch_size: int) -> int:
        plan = self.plan(input_channels)
        weights = TRAINED_COPIES * estimates.parameter_count(plan)
        sample = estimates.kept_for_gradients(plan, input_shape) + estimates.largest_stage(plan, input_shape)
        return FLOAT32_BYTES * (weights + batch_size * sample)

    def prediction_bytes(self, input_channels: int, input_shape: Voxels) -> int:
        plan = self.plan(input_channels)
        numbers = estimates.parameter_count(plan) + estimates.held_in_prediction(plan, input_shape)
        return FLOAT32_BYTES * numbers

    def warnings(self, voxel_size: World) -> tuple[str, ...]:
        warning = pooling_warning(voxel_size, self.downsample_factors)
        return (warning,) if warning else ()

    def build(self, input_channels: int) -> nn.Module:
        from napari_dacapo.networks.unet import UNet as Network

        return Network(self.plan(input_channels))


def _is_complete(values: Mapping[str, Any]) -> bool:
    """Whether all that the network is made of was valid."""
    return all(name in values for name in PLAN_FIELDS)


def _plan(values: Mapping[str, Any], input_channels: int) -> UNetPlan:
    chosen = {name: values[name] for name in PLAN_FIELDS}
    levels, dims = len(chosen["downsample_factors"]), len(chosen["downsample_factors"][0])
    chosen["kernel_size_down"] = chosen["kernel_size_down"] or usual_kernels(dims, levels + 1)
    chosen["kernel_size_up"] = chosen["kernel_size_up"] or usual_kernels(dims, levels)
    return UNetPlan(input_channels, **chosen)
