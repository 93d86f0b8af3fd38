"""An array on voxels of another size."""

import itertools
import math
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.array import Array, Reader
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError

Indices = NDArray[np.intp]
Method = Literal["linear", "nearest", "majority"]
ROUNDING = 1e-6  # of a voxel


class Resample(Step):
    """The array on voxels of another size; it begins where it began, and never ends later."""

    voxel_size: tuple[Annotated[float, Field(gt=0)], ...]
    "The size wanted, one number per axis ((z,) y, x), in the array's unit (nm or voxels)."

    method: Method = "linear"
    "For raw `linear` (the mean where voxels grow); for labels `nearest`, or the `majority` of the ids."

    def apply(self, array: Array) -> Array:
        if len(self.voxel_size) != array.dims:
            problem = f"it has {len(self.voxel_size)} numbers, {array.name} has {array.dims} axes"
            raise UserInputError("voxel_size", self.voxel_size, problem, f"Give {array.dims} numbers")
        ratios = tuple(new / old for new, old in zip(self.voxel_size, array.voxel_size, strict=True))
        sides = zip(array.spatial_shape, ratios, strict=True)
        shape = tuple(math.floor(n / ratio + ROUNDING) for n, ratio in sides)
        if min(shape) < 1:
            problem = f"a voxel would be larger than {array.name}, {array.box.size} {array.unit}"
            raise UserInputError("voxel_size", self.voxel_size, problem, "Choose a smaller voxel size")
        chunks = zip(array.chunks[-array.dims :], ratios, shape, strict=True)
        linear = self.method == "linear"
        return replace(
            array,
            shape=(*array.shape[: -array.dims], *shape),
            voxel_size=self.voxel_size,
            chunks=(*array.chunks[: -array.dims], *(min(n, max(1, round(c / r))) for c, r, n in chunks)),
            dtype=np.dtype(np.float32) if linear else array.dtype,
            reader=_linear(array, ratios) if linear else _voting(array, ratios, self.method == "majority"),
        )


def _linear(array: Array, ratios: tuple[float, ...]) -> Reader:
    """Each axis by itself; a voxel is the same weighted sum in whatever patch it is read."""
    work = np.result_type(array.dtype, np.float32)

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        spatial = zip(slices[-array.dims :], ratios, array.spatial_shape, strict=True)
        taps = [_taps(each, ratio, size) for each, ratio, size in spatial]
        values, starts = _covering(array, slices, [indices for indices, _ in taps])
        for axis, (indices, weights) in enumerate(taps, start=values.ndim - array.dims):
            values = _weighted(values, axis, indices - starts[axis - values.ndim], weights.astype(work))
        return values.astype(np.float32, copy=False)

    return read


def _taps(wanted: slice, ratio: float, size: int) -> tuple[Indices, NDArray[np.float64]]:
    """Source voxels and their weights for each wanted voxel of one axis, both (wanted, taps).

    Growing voxels take the mean of what they cover: ratio 1.5 weighs voxels 1, 0.5 | 0.5, 1 by 1/1.5.
    Shrinking ones take the line between the two nearest centres; beyond the outermost it is level.
    """
    position = np.arange(wanted.start, wanted.stop, dtype=np.float64)
    if ratio > 1:
        begin, end = position * ratio, (position + 1) * ratio
        first = np.floor(begin + ROUNDING).astype(np.intp)
        indices = first[:, None] + np.arange(math.ceil(ratio - ROUNDING) + (ratio % 1 > ROUNDING))
        covered = np.minimum(indices + 1, end[:, None]) - np.maximum(indices, begin[:, None])
        weights = covered.clip(0, None)
    else:
        centre = ((position + 0.5) * ratio - 0.5).clip(0, size - 1)
        first = np.floor(centre + ROUNDING).astype(np.intp)
        indices = first[:, None] + np.arange(2)
        weights = np.stack([1 - (centre - first), centre - first], axis=1).clip(0, 1)
    return indices.clip(0, size - 1), weights / weights.sum(axis=1, keepdims=True)


def _weighted(values: NDArray[Any], axis: int, indices: Indices, weights: NDArray[Any]) -> NDArray[Any]:
    column = (-1, *(1,) * (values.ndim - axis - 1))
    total: NDArray[Any] = values.take(indices[:, 0], axis) * weights[:, 0].reshape(column)
    for tap in range(1, indices.shape[1]):
        total += values.take(indices[:, tap], axis) * weights[:, tap].reshape(column)
    return total


def _voting(array: Array, ratios: tuple[float, ...], majority: bool) -> Reader:
    """Values are only ever copied, so ids of any size stay exact."""

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        spatial = zip(slices[-array.dims :], ratios, array.spatial_shape, strict=True)
        voters = [_voters(each, ratio if majority else 1.0, ratio, size) for each, ratio, size in spatial]
        values, starts = _covering(array, slices, voters)
        local = [(indices - start).T for indices, start in zip(voters, starts, strict=True)]
        return _most_frequent([values[(..., *np.ix_(*chosen))] for chosen in itertools.product(*local)])

    return read


def _voters(wanted: slice, width: float, ratio: float, size: int) -> Indices:
    """The source voxels around the centre of each wanted voxel, (wanted, voters).

    Voxels 2 times larger ask the 2 they cover, 1.5 times larger the 2 they touch, smaller ones 1.
    """
    count = min(size, max(1, math.ceil(width - ROUNDING)))
    centre = (np.arange(wanted.start, wanted.stop) + 0.5) * ratio
    first = np.floor(centre - count / 2 + 0.5 + ROUNDING).astype(np.intp)
    return first.clip(0, size - count)[:, None] + np.arange(count)


def _most_frequent(votes: list[NDArray[Any]]) -> NDArray[Any]:
    """The most frequent value of each voxel, of equally frequent ones the smallest; one array a voter."""
    winners = votes[0]
    contested = np.zeros(winners.shape, np.bool_)
    for other in votes[1:]:
        contested |= other != winners
    winners[contested] = _row_modes(np.stack([vote[contested] for vote in votes], axis=1))
    return winners


def _row_modes(rows: NDArray[Any]) -> NDArray[Any]:
    # sorted  3 3 5 5 5 9
    # run     0 1 0 1 2 0     how many equal ones stand before; the largest ends the longest run
    rows = np.sort(rows, axis=1)
    run = np.zeros(rows.shape, np.intp)
    for column in range(1, rows.shape[1]):
        run[:, column] = (run[:, column - 1] + 1) * (rows[:, column] == rows[:, column - 1])
    modes: NDArray[Any] = rows[np.arange(len(rows)), run.argmax(axis=1)]
    return modes


def _covering(
    array: Array, slices: tuple[slice, ...], indices: list[Indices]
) -> tuple[NDArray[Any], list[int]]:
    """The smallest block of the source that holds all indices, and where it starts."""
    starts = [int(each.min()) if each.size else 0 for each in indices]
    stops = [int(each.max()) + 1 if each.size else 0 for each in indices]
    block = (slice(start, stop) for start, stop in zip(starts, stops, strict=True))
    return array.reader((*slices[: -array.dims], *block)), starts
