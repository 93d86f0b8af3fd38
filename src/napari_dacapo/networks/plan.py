"""What a U-Net is made of, in plain numbers, and the stages it runs through.

Sizes along one axis, with one pooling of 2 and two valid kernels of 3 a pass:

    20 ─convolve─ 16 ────────── keep 8 ────────── 8 + 8 ─convolve─ 4
                   └─pool─ 8 ─convolve─ 4 ─rise─ 8 ─┘
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = tuple[int, ...]  # one number per spatial axis, (z,) y, x
Kernels = tuple[Shape, ...]  # one convolution after the other
Padding = Literal["valid", "same"]
Normalization = Literal["none", "batch", "group", "instance"]


@dataclass(frozen=True, slots=True)
class UNetPlan:
    """All that defines a U-Net. Level 0 is the finest; `kernel_size_down` has one entry more, the bottom."""

    input_channels: int
    num_fmaps: int
    fmap_inc_factor: int
    fmaps_out: int
    downsample_factors: tuple[Shape, ...]
    kernel_size_down: tuple[Kernels, ...]
    kernel_size_up: tuple[Kernels, ...]
    upsample_factors: tuple[Shape, ...] = ()
    constant_upsample: bool = True
    padding: Padding = "valid"
    use_attention: bool = False
    normalization: Normalization = "none"
    residual: bool = False
    wide_last_rise: bool = False  # the last way up inside keeps the feature maps of the level below

    @property
    def dims(self) -> int:
        return len(self.downsample_factors[0])

    def fmaps(self, level: int) -> int:
        """Feature maps of a level."""
        return self.num_fmaps * int(self.fmap_inc_factor**level)


@dataclass(frozen=True, slots=True)
class Convolve:
    """One convolution per kernel, each followed by normalisation and ReLU."""

    in_channels: int
    out_channels: int
    kernels: Kernels
    crops: bool  # valid padding: half a kernel is lost on each side
    residual: bool = False  # what comes in is added to what comes out, by a convolution of 1

    @property
    def reach(self) -> Shape:
        """Voxels that an output voxel sees on each side of itself."""
        return tuple(sum(size // 2 for size in sizes) for sizes in zip(*self.kernels, strict=True))

    def shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """The shape after each kernel."""
        found = [shape]
        for kernel in self.kernels:
            lost = tuple(2 * (size // 2) if self.crops else 0 for size in kernel)
            found.append(tuple(have - less for have, less in zip(found[-1], lost, strict=True)))
        return tuple(found[1:])

    def shape_after(self, shape: Shape) -> Shape:
        return self.shapes(shape)[-1]


@dataclass(frozen=True, slots=True)
class Pool:
    """The maximum of each block of voxels; what came in is kept for the way up."""

    channels: int
    factors: Shape

    def shape_after(self, shape: Shape) -> Shape:
        return tuple(size // factor for size, factor in zip(shape, self.factors, strict=True))


@dataclass(frozen=True, slots=True)
class Rise:
    """To the next finer grid, `crop` voxels off each side, joined with what the way down kept there."""

    in_channels: int
    out_channels: int
    skip_channels: int  # 0: nothing was kept, this grid is finer than the input
    factors: Shape
    crop: Shape
    constant: bool  # each voxel repeated, instead of a transposed convolution
    attention: bool

    @property
    def hidden_channels(self) -> int:
        """Feature maps inside the attention gate."""
        return max(1, self.skip_channels // 2)

    def shape_after(self, shape: Shape) -> Shape:
        axes = zip(shape, self.factors, self.crop, strict=True)
        return tuple(size * factor - 2 * cut for size, factor, cut in axes)


Stage = Convolve | Pool | Rise
