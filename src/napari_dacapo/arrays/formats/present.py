"""A stored array as every Array is: axes (c)(z)yx, physical units in nm, native numbers."""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.formats.axes import axes_of
from napari_dacapo.arrays.formats.geometry import Given, world_of
from napari_dacapo.arrays.formats.stored import Piece, Stored, damage_named, tail
from napari_dacapo.errors import UserInputError

LARGEST_CHUNK = 1 << 30  # bytes; it is decoded as a whole for every patch that touches it


def present(stored: Stored, axes: str | None, given: Given, time: int) -> Array:
    """The array of one time point. Without given axes, c or z of length 1 is dropped.

    Raises UserInputError where its axes, type, size or place cannot be used.
    """
    letters = axes_of(stored, axes)
    _refuse_unusable(stored)
    _refuse_time(stored, letters, time)
    lengths = dict(zip(letters, stored.shape, strict=True))
    kept = "".join(a for a in "czyx" if a in lengths and (axes or a in "yx" or lengths[a] > 1))
    order = [letters.index(axis) for axis in kept]
    spatial = [letters.index(axis) for axis in kept if axis != "c"]
    voxel_size, offset, unit = world_of(stored, spatial, given)
    dtype = _native(stored.dtype)
    pieces, covered = stored.pieces, partial(_covered, spatial=spatial, voxel_size=voxel_size, offset=offset)
    return Array(
        name=stored.name,
        axes=kept,
        shape=tuple(stored.shape[axis] for axis in order),
        dtype=dtype,
        voxel_size=voxel_size,
        offset=offset,
        unit=unit,
        chunks=tuple(min(stored.chunks[axis], max(1, stored.shape[axis])) for axis in order),
        reader=_reader(stored, letters, kept, time, dtype),
        time_points=lengths.get("t", 1),
        channel_names=stored.channel_names if kept[0] == "c" else (),
        stored=None if pieces is None else lambda: tuple(dict.fromkeys(map(covered, pieces()))),
    )


def _covered(piece: Piece, spatial: list[int], voxel_size: World, offset: World) -> Box:
    sides = [(piece[axis], v, o) for axis, v, o in zip(spatial, voxel_size, offset, strict=True)]
    return Box(
        tuple(o + side.start * v for side, v, o in sides), tuple(o + side.stop * v for side, v, o in sides)
    )


def _reader(
    stored: Stored, letters: str, kept: str, time: int, dtype: np.dtype[np.generic]
) -> Callable[[tuple[slice, ...]], NDArray[Any]]:
    # stored      t  z  c  y  x
    # wanted         2  1  3  4      one time point, the rest transposed
    one = {
        axis: slice(time, time + 1) if axis == "t" else slice(0, 1) for axis in letters if axis not in kept
    }
    dropped = tuple(i for i, axis in enumerate(letters) if axis in one)
    left = "".join(axis for axis in letters if axis in kept)
    order = tuple(left.index(axis) for axis in kept)

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        wanted = dict(zip(kept, slices, strict=True)) | one
        with damage_named(stored.name, "a part cannot be read"):
            values = stored.reader(tuple(wanted[axis] for axis in letters))
        return np.ascontiguousarray(values.squeeze(dropped).transpose(order), dtype)

    return read


def _refuse_unusable(stored: Stored) -> None:
    dtype = stored.dtype
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        problem = f"its values are {dtype}"
        raise UserInputError(
            "path", stored.name, problem, "Convert them to integers or floats of at most 64 bits"
        )
    if 0 in stored.shape:
        raise UserInputError(
            "path", stored.name, f"it is empty, its shape is {stored.shape}", "Choose another array"
        )
    size = prod(stored.chunks) * dtype.itemsize
    if size > LARGEST_CHUNK:
        problem = f"a chunk {stored.chunks} is {size / LARGEST_CHUNK:.3g} GiB, too much to read a patch"
        raise UserInputError("path", tail(stored.name), problem, "Convert it to chunks of 1 GiB at most")


def _refuse_time(stored: Stored, letters: str, time: int) -> None:
    points = stored.shape[letters.index("t")] if "t" in letters else 1
    if time >= points:
        problem = (
            f"{stored.name} has {points} time points" if "t" in letters else f"{stored.name} has no time axis"
        )
        raise UserInputError("time", time, problem, f"Choose from 0 to {points - 1}")


def _native(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """As this machine computes; bool as uint8, 0 and 1."""
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")
