"""What a U-Net costs, told from its plan: trained numbers and memory. Counted in numbers, not bytes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from napari_dacapo.networks.plan import Convolve, Pool, Rise, Shape, Stage, UNetPlan
from napari_dacapo.networks.shapes import shapes
from napari_dacapo.networks.stages import stages

POOL_INDEX_NUMBERS = 2  # where each maximum came from is kept as int64, as large as two float32
LARGEST_UNROLLED = 20480  # channels times the first two sizes, as torch decides it


def parameter_count(plan: UNetPlan) -> int:
    """Trained numbers, exactly: weights, biases, and scale and shift of normalisations."""
    return sum(_parameters(stage, plan) for stage in stages(plan))


def kept_for_gradients(plan: UNetPlan, input_shape: Shape) -> int:
    """Numbers that the forward pass of one training sample keeps until its backward pass."""
    kept = plan.input_channels * prod(input_shape)
    return kept + sum(_kept(stage, plan, before, after) for stage, before, after in _walk(plan, input_shape))


def largest_stage(plan: UNetPlan, input_shape: Shape) -> int:
    """Numbers in and out of the largest stage: a backward pass holds about as many in gradients."""
    return max(_held(stage, before, after) for stage, before, after in _walk(plan, input_shape))


def held_in_prediction(plan: UNetPlan, input_shape: Shape) -> int:
    """Numbers at the fullest moment of a forward pass that keeps nothing for gradients."""
    waiting = [0]  # feature maps kept for the way up
    fullest = 0
    for stage, before, after in _walk(plan, input_shape):
        if isinstance(stage, Pool):
            waiting.append(stage.channels * prod(before))
        fullest = max(fullest, sum(waiting) + _held(stage, before, after))
        if isinstance(stage, Rise) and stage.skip_channels:
            waiting.pop()
    return fullest


def _walk(plan: UNetPlan, input_shape: Shape) -> Iterator[tuple[Stage, Shape, Shape]]:
    """Each stage with the shapes before and after it."""
    found = shapes(plan, input_shape)
    return zip(stages(plan), found[:-1], found[1:], strict=True)


def _parameters(stage: Stage, plan: UNetPlan) -> int:
    match stage:
        case Convolve():
            channels = [stage.in_channels] + [stage.out_channels] * len(stage.kernels)
            weights = sum(
                before * after * prod(kernel)
                for before, after, kernel in zip(channels[:-1], channels[1:], stage.kernels, strict=True)
            )
            others = 1 if plan.normalization == "none" else 2  # a bias, or a scale and a shift
            straight = (stage.in_channels + 1) * stage.out_channels if stage.residual else 0
            return weights + others * stage.out_channels * len(stage.kernels) + straight
        case Rise():
            kernel = 1 if stage.constant else prod(stage.factors)
            joined = stage.skip_channels + stage.out_channels
            gate = stage.hidden_channels * (joined + 2) + 1 if stage.attention else 0
            return stage.in_channels * stage.out_channels * kernel + stage.out_channels + gate
        case Pool():
            return 0


def _kept(stage: Stage, plan: UNetPlan, before: Shape, after: Shape) -> int:
    match stage:
        case Convolve():
            copies = 1 if plan.normalization == "none" else 2  # a normalisation keeps its input as well
            straight = (stage.in_channels + stage.out_channels) * prod(after) if stage.residual else 0
            return copies * stage.out_channels * sum(map(prod, stage.shapes(before))) + straight
        case Pool():
            return (1 + POOL_INDEX_NUMBERS) * stage.channels * prod(after)
        case Rise():
            grid = before if stage.constant else after
            joined = stage.skip_channels + stage.out_channels
            gate = joined + stage.hidden_channels + 1 if stage.attention else 0
            return stage.out_channels * prod(grid) + (joined + gate) * prod(after)


def _held(stage: Stage, before: Shape, after: Shape) -> int:
    match stage:
        case Convolve():
            return _held_in_pass(stage, before)
        case Pool():
            return (1 + POOL_INDEX_NUMBERS) * stage.channels * prod(after)
        case Rise():
            joined = stage.skip_channels + stage.out_channels
            gate = joined if stage.attention else 0
            return stage.in_channels * prod(before) + (2 * joined + gate) * prod(after)


def _held_in_pass(stage: Convolve, before: Shape) -> int:
    """What comes into a pass is held throughout, beside what goes into and out of each convolution."""
    came = stage.in_channels * prod(before)
    channels, shape, given, fullest = stage.in_channels, before, 0, 0
    for kernel, after in zip(stage.kernels, stage.shapes(before), strict=True):
        made = stage.out_channels * prod(after)
        fullest = max(fullest, came + given + made + _unrolled(channels, kernel, shape, after))
        channels, shape, given = stage.out_channels, after, made
    straight = (stage.in_channels + 2 * stage.out_channels) * prod(shape) if stage.residual else 0
    return max(fullest, came + given + straight)


def _unrolled(channels: int, kernel: Shape, before: Shape, after: Shape) -> int:
    """Torch convolves a small float32 sample on a CPU by laying out what each kernel position sees."""
    if channels * prod(before[:2]) > LARGEST_UNROLLED or prod(kernel) == 1:
        return 0
    return channels * prod(kernel) * prod(after)
