"""Whether two arrays can be read side by side."""

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.sample import voxels_in
from napari_dacapo.errors import UserInputError

RATIO_TOLERANCE = 1e-4  # relative; a tenth of a voxel over 1000


def refuse_misfit(base: Array, other: Array, field: str) -> None:
    """Raises UserInputError, naming both values, where `other` cannot be read beside `base`."""
    if base.dims != other.dims:
        problem = f"{other.name} is {other.dims}D, {base.name} is {base.dims}D"
        raise UserInputError(
            field, other.axes, problem, "Choose arrays of as many dimensions, or set their axes"
        )
    if base.unit != other.unit:
        problem = f"{other.name} is in {_units(other)}, {base.name} in {_units(base)}"
        raise UserInputError(field, other.unit, problem, "Set voxel size and unit of the one that lacks them")
    pairs = zip(base.voxel_size, other.voxel_size, strict=True)
    if not all(_is_integer(max(pair) / min(pair)) for pair in pairs):
        problem = f"voxel sizes must have an integer ratio; {base.name} has {base.voxel_size} {base.unit}"
        raise UserInputError(field, other.voxel_size, problem, "Correct one of them, or resample it")
    if not _share_a_voxel(base, other):
        problem = f"{other.name} does not overlap {base.name}, {extent(base.box)} {base.unit}"
        raise UserInputError(field, extent(other.box), problem, "Correct the offset or voxel size of one")


def shift(base: Array, other: Array) -> World:
    """How far the finer grid's voxel borders lie off the coarser one's, per axis, in voxels of the finer."""
    sides = zip(base.offset, other.offset, base.voxel_size, other.voxel_size, strict=True)
    apart = ((o - b) / min(v, w) for b, o, v, w in sides)
    return tuple(round(a - round(a), 6) for a in apart)


def extent(box: Box) -> str:
    """A box as a message shows it: "0..250, 10..90"."""
    return ", ".join(f"{b:g}..{e:g}" for b, e in zip(box.begin, box.end, strict=True))


def _units(array: Array) -> str:
    return "voxels (it tells no unit)" if array.unit == "voxel" else array.unit


def _is_integer(ratio: float) -> bool:
    return abs(ratio - round(ratio)) <= RATIO_TOLERANCE * ratio


def _share_a_voxel(base: Array, other: Array) -> bool:
    region = base.box.intersect(other.box)
    if region.is_empty:
        return False
    corners = (voxels_in(array, region) for array in (base, other))
    return all(b < e for begin, end in corners for b, e in zip(begin, end, strict=True))
