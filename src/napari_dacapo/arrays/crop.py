"""A part of an array."""

import math
from dataclasses import replace
from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError

Corner = Annotated[World, Field(min_length=2, max_length=3)]  # of a box, as records hold it


class Crop(Step):
    """Only what lies in a box; its sides move to the nearest voxel border."""

    begin: Corner
    "Where the box begins, one number per axis ((z,) y, x), in the array's unit (nm or voxels)."

    end: Corner
    "Where the box ends, one number per axis ((z,) y, x), in the array's unit (nm or voxels)."

    @field_validator("end")
    @classmethod
    def _beyond_begin(cls, end: World, info: ValidationInfo) -> World:
        return beyond(info.data.get("begin"), end)

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


def beyond(begin: World | None, end: World) -> World:
    """The end of a box, for validators of records. Raises ValueError unless it lies beyond the begin.

    Without a begin, which is wrong itself then, any end will do.
    """
    if begin is None:
        return end
    if len(begin) != len(end):
        raise ValueError(
            f"begin has {len(begin)} numbers, end has {len(end)}. Give one number per axis in both"
        )
    if any(e <= b for b, e in zip(begin, end, strict=True)):
        raise ValueError(f"it is not beyond begin {begin}. Give begin < end along every axis")
    return end


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
