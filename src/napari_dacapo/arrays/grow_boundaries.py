"""Objects that touch, parted."""

from dataclasses import replace
from typing import Annotated, Any, Literal

import fastremap
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError


class GrowBoundaries(Step):
    """Background where different objects touch: boundaries that a network can learn to see.

    A voxel becomes 0 if another object is within so many voxels along each of the axes. Where objects end
    at background they stay as they are.
    """

    voxels: Annotated[int, Field(ge=1, le=64)] = 1
    "How many voxels each object loses where it touches another one."

    axes: Annotated[tuple[Literal["z", "y", "x"], ...], Field(min_length=1, max_length=3)] = ("z", "y", "x")
    "Along which axes; without z each section by itself, as for sections that are far apart."

    @field_validator("axes")
    @classmethod
    def _different(cls, axes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(axes)) < len(axes):
            raise ValueError("an axis stands twice. Name each once")
        return axes

    def apply(self, array: Array) -> Array:
        if array.dtype.kind not in "bui" or array.channels is not None:
            problem = f"labels are integers without channels; {array.name} is {array.axes} {array.dtype}"
            raise UserInputError("steps", array.name, problem, "Choose an array of labels")
        reach = tuple(self.voxels if axis in self.axes else 0 for axis in array.axes)

        def read(slices: tuple[slice, ...]) -> NDArray[Any]:
            sides = tuple(zip(slices, reach, array.shape, strict=True))
            around = tuple(slice(max(0, s.start - r), min(n, s.stop + r)) for s, r, n in sides)
            inner = tuple(
                slice(s.start - a.start, s.stop - a.start) for s, a in zip(slices, around, strict=True)
            )
            labels = array.reader(around)
            return np.where(_touching(labels, reach)[inner], labels.dtype.type(0), labels[inner])

        return replace(array, reader=read)


def _touching(labels: NDArray[Any], reach: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where another object lies in the box of so many voxels on each side."""
    unsigned = labels.view(np.uint8) if labels.dtype.kind == "b" else labels
    places = fastremap.renumber(unsigned)[0].astype(np.int32)  # filters know no ids above 2**53
    background = labels == 0
    highest = np.where(background, -1, places)
    lowest = np.where(background, np.iinfo(np.int32).max, places)
    for axis, voxels in enumerate(reach):
        if voxels and labels.size:
            highest = maximum_filter1d(highest, 2 * voxels + 1, axis=axis, mode="nearest")
            lowest = minimum_filter1d(lowest, 2 * voxels + 1, axis=axis, mode="nearest")
    touching: NDArray[np.bool_] = ~background & ((highest != places) | (lowest != places))
    return touching
