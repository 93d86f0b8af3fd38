"""Whether a U-Net can take an input shape, said so that a person can put it right."""

from __future__ import annotations

from napari_dacapo.networks.plan import Shape, UNetPlan
from napari_dacapo.networks.shapes import at_least, at_most, single_voxel_bottom, smallest
from napari_dacapo.networks.stages import step


def misfit(plan: UNetPlan, shape: Shape, patch: Shape | None = None) -> tuple[str, str] | None:
    """What is wrong with an input shape, and what to do; None if the network can take it.

    With a patch, `shape` is what comes on top of it.
    """
    if len(shape) != plan.dims:
        return f"this network works in {plan.dims}D", f"Give {plan.dims} sizes, one for each axis"
    base = patch or (0,) * plan.dims
    whole = _plus(shape, base)
    larger, smaller = at_least(plan, whole), at_most(plan, whole)
    if larger == whole:
        return None
    wrong = [axis for axis, size in enumerate(larger) if size != whole[axis]]
    near = [_minus(larger, base)]
    if all(low <= size for low, size in zip(smaller, whole, strict=True)):
        near.insert(0, _minus(smaller, base))
    fix = f"Nearest that work: {' and '.join(map(str, near))}"
    return _problem(plan, whole, wrong), fix if patch else f"{fix}. {_sizes(plan, wrong[0])}"


def _problem(plan: UNetPlan, whole: Shape, wrong: list[int]) -> str:
    if smallest(plan) == whole and single_voxel_bottom(plan, whole):
        return "the bottom would be one voxel, which cannot be normalised"
    names = " and ".join(_name(plan, axis) for axis in wrong)
    return f"an input of {whole} does not fit this network's poolings along {names}"


def _sizes(plan: UNetPlan, axis: int) -> str:
    first, by = smallest(plan)[axis], step(plan)[axis]
    return f"Along {_name(plan, axis)} it takes {first}, {first + by}, {first + 2 * by} and so on by {by}"


def _name(plan: UNetPlan, axis: int) -> str:
    return "zyx"[axis - plan.dims]


def _plus(shape: Shape, more: Shape) -> Shape:
    return tuple(a + b for a, b in zip(shape, more, strict=True))


def _minus(shape: Shape, less: Shape) -> Shape:
    return tuple(a - b for a, b in zip(shape, less, strict=True))
