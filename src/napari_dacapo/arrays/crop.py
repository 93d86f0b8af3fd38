"""A part of an array."""

import math
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from pydantic import model_validator

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError


class Crop(Step):
    """Only what lies in a box; its sides move to the nearest voxel border."""

    begin: World
    "Where the box begins, one number per axis ((z,) y, x), in the array's unit (nm or voxels)."

    end: World
    "Where the box ends, one number per axis ((z,) y, x), in the array's unit (nm or voxels)."

    @model_validator(mode="after")
    def _not_empty(self) -> "Crop":
        refuse_empty_box(self.begin, self.end)
        return self

    def apply(self, array: Array) -> Array:
        if len(self.begin) != array.dims:
            problem = f"it has {len(self.begin)} numbers, {array.name} has {array.dims} axes"
            raise UserInputError("begin", self.begin, problem, f"Give {array.dims} numbers")
        start, stop = (_nearest_border(array, corner) for corner in (self.begin, self.end))
        for field, value, at in (("begin", self.begin, start), ("end", self.end, stop)):
            if any(not 0 <= i <= n for i, n in zip(at, array.spatial_shape, strict=True)):
                problem = f"it lies outside of {array.name}"
                fix = f"The array covers {array.box.begin} to {array.box.end} {array.unit}"
                raise UserInputError(field, value, problem, fix)
        if any(e <= s for s, e in zip(start, stop, strict=True)):
            fix = f"Make it at least one voxel, {array.voxel_size} {array.unit}, in size"
            raise UserInputError("end", self.end, "the box holds no whole voxel", fix)
        return cropped(array, start, stop)


def refuse_empty_box(begin: World, end: World) -> None:
    """Raises ValueError, for validators of records, unless the box has a size along every axis."""
    if len(begin) != len(end):
        raise ValueError("begin and end have different lengths. Give one number per axis in both")
    if any(e <= b for b, e in zip(begin, end, strict=True)):
        raise ValueError(f"end {end} is not beyond begin {begin}. Give begin < end along every axis")


def cropped(array: Array, start: Voxels, stop: Voxels) -> Array:
    """The voxels from `start` to `stop` (exclusive) as an array."""
    channels = array.shape[: -array.dims]
    shape = tuple(e - s for s, e in zip(start, stop, strict=True))
    sides = zip(array.offset, start, array.voxel_size, strict=True)

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        spatial = slices[-array.dims :]
        moved = (slice(each.start + s, each.stop + s) for each, s in zip(spatial, start, strict=True))
        return array.reader((*slices[: -array.dims], *moved))

    return replace(
        array,
        shape=(*channels, *shape),
        offset=tuple(o + s * v for o, s, v in sides),
        chunks=(*array.chunks[: -array.dims], *map(min, array.chunks[-array.dims :], shape)),
        reader=read,
    )


def _nearest_border(array: Array, corner: World) -> Voxels:
    sides = zip(corner, array.offset, array.voxel_size, strict=True)
    return tuple(math.floor((c - o) / v + 0.5) for c, o, v in sides)
