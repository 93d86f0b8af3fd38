"""Voxel size and offset of a stored array: what is given, else what its file says."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.formats.stored import Geometry, Stored
from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.errors import UserInputError

DIGITS = 12  # significant ones kept when units are converted: 0.0041 um are 4.1 nm

Factors = tuple[float, ...] | None  # nm per unit along each axis; None: there is no unit


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says about the voxels; None: the file is to say it."""

    voxel_size: tuple[float, ...] | None
    offset: tuple[float, ...] | None
    unit: str | None


def world_of(stored: Stored, spatial: Sequence[int], given: Given) -> tuple[World, World, SpatialUnit]:
    """Voxel size, offset and unit along the stored axes numbered in `spatial`, outermost first.

    Given numbers are in the given unit, else in that of the file. Without any information a voxel is 1
    large, the offset 0, and the unit "voxel". Raises UserInputError where places in the file disagree or
    hold what is no size.
    """
    _refuse_other_lengths(stored, len(spatial), given)
    found = tuple(_along(geometry, spatial) for geometry in stored.geometries)
    if given.voxel_size is None:
        _refuse_bad(stored, found)
    of_file = _factors(found[0]) if found else None
    _refuse_useless_unit(given, of_file)
    factors = of_file if given.unit is None else _same(nanometers(given.unit), spatial)
    sizes = found[0].scale if found else (1.0,) * len(spatial)
    voxel_size = _times(given.voxel_size or sizes, factors if given.voxel_size else of_file or factors)
    if given.offset is not None:
        offset = _times(given.offset, factors)
    else:
        begin = _begin(stored, found) if factors or not of_file else None
        offset = _times(begin or (0.0,) * len(spatial), of_file or factors)
    return voxel_size, offset, "voxel" if factors is None else "nm"


def _refuse_other_lengths(stored: Stored, dims: int, given: Given) -> None:
    for field, value in (("voxel_size", given.voxel_size), ("offset", given.offset)):
        if value is not None and len(value) != dims:
            problem = f"it has {len(value)} numbers, {stored.name} has {dims} axes in space"
            raise UserInputError(field, value, problem, f"Give {dims} numbers, for {'zyx'[-dims:]}")


def _refuse_useless_unit(given: Given, of_file: Factors) -> None:
    """A unit beside the file's own would change what the file's numbers mean."""
    if given.unit is not None and of_file is not None and given.voxel_size is None:
        problem = "the file has its voxel size with a unit already"
        raise UserInputError("unit", given.unit, problem, "Leave it empty, or set voxel_size, too")


def _refuse_bad(stored: Stored, found: Sequence[Geometry]) -> None:
    for geometry in found:
        if not all(isfinite(size) and size > 0 for size in geometry.scale):
            problem = f"{geometry.source} of {stored.name} says so; sizes are numbers above 0"
            raise UserInputError("voxel_size", geometry.scale, problem, "Set voxel_size")
    for geometry in found[1:]:
        first, other = (_times(each.scale, _factors(each)) for each in (found[0], geometry))
        if not np.allclose(first, other, rtol=1e-3, atol=0):
            problem = (
                f"{stored.name} contradicts itself: {found[0].source} says {first}, {geometry.source} {other}"
            )
            raise UserInputError("voxel_size", None, problem, "Set voxel_size and unit")


def _begin(stored: Stored, found: Sequence[Geometry]) -> tuple[float, ...] | None:
    for geometry in found:
        if geometry.translation is not None:
            if not all(map(isfinite, geometry.translation)):
                problem = f"{geometry.source} of {stored.name} says so, it is no place"
                raise UserInputError("offset", geometry.translation, problem, "Set offset")
            return geometry.translation
    return None


def _along(geometry: Geometry, spatial: Sequence[int]) -> Geometry:
    """The same for some axes, in the order of their numbers."""
    translation = geometry.translation
    return Geometry(
        source=geometry.source,
        scale=tuple(geometry.scale[axis] for axis in spatial),
        translation=None if translation is None else tuple(translation[axis] for axis in spatial),
        units=tuple(geometry.units[axis] for axis in spatial),
    )


def _factors(geometry: Geometry) -> Factors:
    factors = [nanometers(unit) for unit in geometry.units]
    known = tuple(factor for factor in factors if factor is not None)
    if known and len(known) < len(factors):
        problem = f"{geometry.source} has a unit for some axes only"
        raise UserInputError("unit", geometry.units, problem, "Set voxel_size, offset and unit")
    return known or None


def _same(factor: float | None, spatial: Sequence[int]) -> Factors:
    return None if factor is None else (factor,) * len(spatial)


def _times(values: Sequence[float], factors: Factors) -> World:
    sides = zip(values, factors or (1.0,) * len(values), strict=True)
    return tuple(float(f"{value * factor:.{DIGITS}g}") for value, factor in sides)
