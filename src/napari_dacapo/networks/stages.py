"""The stages of a U-Net from its plan, and where it crops so that blocks fit together."""

from __future__ import annotations

from functools import cache
from math import prod

from napari_dacapo.networks.plan import Convolve, Pool, Rise, Shape, Stage, UNetPlan


@cache
def stages(plan: UNetPlan) -> tuple[Stage, ...]:
    """Every step from the image to the last feature maps, in the order in which they happen."""
    return way_down(plan) + _way_up(plan, _crops(plan))


def way_down(plan: UNetPlan) -> tuple[Convolve | Pool, ...]:
    """The stages from the image to the bottom."""
    found: list[Convolve | Pool] = []
    channels = plan.input_channels
    for level, kernels in enumerate(plan.kernel_size_down):
        found.append(Convolve(channels, plan.fmaps(level), kernels, plan.padding == "valid", plan.residual))
        channels = plan.fmaps(level)
        found += [Pool(channels, factors) for factors in plan.downsample_factors[level : level + 1]]
    return tuple(found)


def step(plan: UNetPlan) -> Shape:
    """Input voxels for one voxel of the bottom."""
    return _products(plan.downsample_factors, plan.dims)


def scale(plan: UNetPlan) -> Shape:
    """Output voxels per input voxel."""
    return _products(plan.upsample_factors, plan.dims)


def output_step(plan: UNetPlan) -> Shape:
    """Output voxels for one voxel of the bottom."""
    return _products(plan.downsample_factors + plan.upsample_factors, plan.dims)


def lost_at_the_bottom(plan: UNetPlan) -> Shape:
    """Voxels of the bottom that do not come out: enough for the border, and evenly on both sides."""
    lost = []
    for size, period, border in zip(step(plan), output_step(plan), _border(plan), strict=True):
        fewest = -(-border // period)
        lost.append(fewest + (fewest * size) % 2)
    return tuple(lost)


def _way_up(plan: UNetPlan, crops: tuple[Shape, ...]) -> tuple[Rise | Convolve, ...]:
    """Two stages a level, the deepest first; then two for each upsampling of the output."""
    found: list[Rise | Convolve] = []
    channels = plan.fmaps(len(plan.downsample_factors))
    for (level, factors), crop in zip(_rises(plan), crops, strict=True):
        inside = level >= 0
        widened = int(plan.wide_last_rise and level == 0)
        risen = plan.fmaps(level + widened) if inside else plan.fmaps_out
        skip = plan.fmaps(level) if inside else 0
        attention = plan.use_attention and inside
        found.append(Rise(channels, risen, skip, factors, crop, plan.constant_upsample, attention))
        channels = risen if level > 0 else plan.fmaps_out
        kernels = plan.kernel_size_up[max(level, 0)]
        found.append(Convolve(risen + skip, channels, kernels, plan.padding == "valid", plan.residual))
    return tuple(found)


def _rises(plan: UNetPlan) -> list[tuple[int, Shape]]:
    """(level risen to, factors), deepest first; -1 stands for finer than the input."""
    inside = list(enumerate(plan.downsample_factors))[::-1]
    return inside + [(-1, factors) for factors in plan.upsample_factors]


def _crops(plan: UNetPlan) -> tuple[Shape, ...]:
    """What each rise cuts off, so that the output is a whole number of steps and lies centred.

    Blocks that lie a whole number of steps apart then give what the whole volume gives, and tile it.
    What a coarser level can cut, no finer level computes.
    """
    rises = _rises(plan)
    if plan.padding == "same":
        return tuple((0,) * plan.dims for _ in rises)
    axes = zip(lost_at_the_bottom(plan), output_step(plan), _border(plan), strict=True)
    excess = tuple((lost * period - border) // 2 for lost, period, border in axes)
    crops: list[Shape] = []
    for _, factors in reversed(rises):
        crops.append(tuple(cut % factor for cut, factor in zip(excess, factors, strict=True)))
        excess = tuple(cut // factor for cut, factor in zip(excess, factors, strict=True))
    return tuple(reversed(crops))


def _border(plan: UNetPlan) -> Shape:
    """Output voxels lost to the convolutions of the way up, were nothing else cut off."""
    nothing = (0,) * plan.dims
    shape = nothing
    for stage in _way_up(plan, tuple(nothing for _ in _rises(plan))):
        shape = stage.shape_after(shape)
    return tuple(-size for size in shape)


def _products(factors: tuple[Shape, ...], dims: int) -> Shape:
    return tuple(prod(level[axis] for level in factors) for axis in range(dims))
