"""Which shapes a U-Net takes, which it gives, and how far it sees."""

from __future__ import annotations

from functools import cache

from napari_dacapo.networks.plan import Convolve, Pool, Rise, Shape, UNetPlan
from napari_dacapo.networks.stages import lost_at_the_bottom, output_step, stages, step, way_down


def shapes(plan: UNetPlan, input_shape: Shape) -> tuple[Shape, ...]:
    """The shape before the first stage and after each stage, of a valid input."""
    found = [input_shape]
    for stage in stages(plan):
        found.append(stage.shape_after(found[-1]))
    return tuple(found)


@cache
def smallest(plan: UNetPlan) -> Shape:
    """The smallest valid input; every other is larger by whole steps along each axis."""
    if plan.padding == "same":
        return step(plan)
    shape = tuple(lost + 1 for lost in lost_at_the_bottom(plan))
    for stage in reversed(way_down(plan)):
        if isinstance(stage, Pool):
            shape = tuple(size * factor for size, factor in zip(shape, stage.factors, strict=True))
        else:
            shape = tuple(size + 2 * reach for size, reach in zip(shape, stage.reach, strict=True))
    return shape


@cache
def context(plan: UNetPlan) -> Shape:
    """Input voxels that one output voxel sees along each axis, where in the pooling grid it sees most."""
    widths = []
    for axis, period in enumerate(output_step(plan)):
        seen = (_seen(plan, axis, place, place) for place in range(period))
        widths.append(max(last - first + 1 for first, last in seen))
    return tuple(widths)


@cache
def border(plan: UNetPlan) -> Shape:
    """Input voxels, in whole steps, that the output of one voxel of the bottom sees beyond that voxel."""
    found = []
    for axis, (size, period) in enumerate(zip(step(plan), output_step(plan), strict=True)):
        first, last = _seen(plan, axis, 0, period - 1)
        found.append(-(-max(-first, last - size + 1) // size) * size)
    return tuple(found)


def single_voxel_bottom(plan: UNetPlan, input_shape: Shape) -> bool:
    """Whether the coarsest feature maps shrink to one voxel, which has no variance."""
    return all(min(sizes) == 1 for sizes in zip(*shapes(plan, input_shape), strict=True))


def _seen(plan: UNetPlan, axis: int, first: int, last: int) -> tuple[int, int]:
    """First and last input voxel that output voxels `first` to `last` see along an axis.

    Walks backwards, and counts as if every convolution kept the size: all crops are symmetric.
    """
    kept: list[tuple[int, int]] = []
    for stage in reversed(stages(plan)):
        match stage:
            case Convolve():
                first, last = first - stage.reach[axis], last + stage.reach[axis]
            case Rise():
                if stage.skip_channels:
                    kept.append((first, last))
                first, last = first // stage.factors[axis], last // stage.factors[axis]
            case Pool():
                factor = stage.factors[axis]
                left, right = kept.pop()
                first, last = min(first * factor, left), max(last * factor + factor - 1, right)
    return first, last


def at_least(plan: UNetPlan, wish: Shape) -> Shape:
    """The smallest valid input not smaller than the wish along any axis."""
    axes = zip(wish, smallest(plan), step(plan), strict=True)
    sizes = (least + max(0, -((least - size) // by)) * by for size, least, by in axes)
    return _with_variance(plan, tuple(sizes))


def at_most(plan: UNetPlan, wish: Shape) -> Shape:
    """The largest valid input not larger than the wish; along an axis where none is, the smallest."""
    axes = zip(wish, smallest(plan), step(plan), strict=True)
    sizes = (least + max(0, (size - least) // by) * by for size, least, by in axes)
    return _with_variance(plan, tuple(sizes))


def nearest(plan: UNetPlan, wish: Shape) -> Shape:
    """The valid size nearest to the wish along each axis, the larger of two equally near."""
    axes = zip(wish, at_most(plan, wish), at_least(plan, wish), strict=True)
    sizes = (low if size - low < high - size else high for size, low, high in axes)
    return _with_variance(plan, tuple(sizes))


def _with_variance(plan: UNetPlan, shape: Shape) -> Shape:
    """The shape, one step longer where normalisation would meet a single voxel."""
    if plan.normalization == "none" or not single_voxel_bottom(plan, shape):
        return shape
    return (*shape[:-1], shape[-1] + step(plan)[-1])
