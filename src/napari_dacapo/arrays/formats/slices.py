"""A folder of numbered slices, one 2D image per z."""

import itertools
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.formats import picture, tiff
from napari_dacapo.arrays.formats.stored import Stored, tail
from napari_dacapo.errors import UserInputError

TIFF_SUFFIXES = (".tif", ".tiff")
SUFFIXES = (".png", ".jpg", ".jpeg", *TIFF_SUFFIXES)
KEPT_BYTES = 64 << 20  # of slices read last

Header = tuple[tuple[int, ...], np.dtype[np.generic], tuple[str, ...]]


def open_stored(path: Path, array: str, level: int) -> Stored:
    """(z, y, x), or (z, y, x, c) where slices have colours."""
    files = numbered(slices_in(path))
    shape, dtype, channel_names = _header(files[0])
    if _header(files[-1])[:2] != (shape, dtype):
        raise _different(files[-1], shape, dtype)
    return Stored(
        name=str(path),
        shape=(len(files), *shape),
        dtype=dtype,
        chunks=(1, *shape),
        reader=_reader(files, shape, dtype),
        axes="zyxc"[: len(shape) + 1],
        channel_names=channel_names,
    )


def slices_in(folder: Path) -> list[Path]:
    """The images of a folder, hidden ones left out."""
    return [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.name[0] != "." and p.is_file()]


def numbered(files: Sequence[Path]) -> list[Path]:
    """In the order of the one number in which their names differ: 9.png comes before 10.png.

    Raises UserInputError where names differ in anything else, or where a number is missing.
    """
    parts = {file: re.split(r"(\d+)", file.name) for file in files}
    folder, first = files[0].parent, parts[files[0]]
    changing = {
        i
        for each in parts.values()
        for i, (a, b) in enumerate(zip(each, first, strict=False))
        if _value(a) != _value(b)
    }
    if (
        len({len(each) for each in parts.values()}) > 1
        or len(changing) > 1
        or any(i % 2 == 0 for i in changing)
    ):
        problem = f"{tail(files[0].name, 30)} and {tail(files[-1].name, 30)} differ in more than one number"
        fix = "Number the slices of one stack; images that are no slices are datasets of their own"
        raise UserInputError("path", tail(folder), problem, fix)
    place = changing.pop() if changing else 0
    ordered = sorted(files, key=lambda file: _value(parts[file][place]))
    _refuse_gaps(folder, [int(_value(parts[file][place])) for file in ordered] if place else [0])
    return ordered


def _value(part: str) -> Any:
    return int(part) if part.isdecimal() else part


def _refuse_gaps(folder: Path, found: list[int]) -> None:
    steps = [b - a for a, b in itertools.pairwise(found)]
    for before, step in zip(found, steps, strict=False):
        if step != min(steps) or step == 0:
            problem = f"slice {before + min(steps)} is missing" if step else f"slice {before} is there twice"
            raise UserInputError("path", tail(folder), problem, "Number the slices evenly")


def _header(file: Path) -> Header:
    return tiff.page_header(file) if file.suffix.lower() in TIFF_SUFFIXES else picture.header(file)


def _different(file: Path, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> UserInputError:
    problem = f"it is not {shape} {dtype} as the first slice of its folder is"
    fix = "Give all slices the same size and type; images that are no slices are datasets of their own"
    return UserInputError("path", tail(file), problem, fix)


def _reader(
    files: Sequence[Path], shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Callable[[tuple[slice, ...]], NDArray[Any]]:
    @lru_cache(maxsize=max(1, KEPT_BYTES // max(1, prod(shape) * dtype.itemsize)))
    def whole(z: int) -> NDArray[Any]:
        is_tiff = files[z].suffix.lower() in TIFF_SUFFIXES
        values = tiff.page_pixels(files[z]) if is_tiff else picture.pixels(files[z])
        if values.shape != shape or values.dtype != dtype:
            raise _different(files[z], shape, dtype)
        return values

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        z, *rest = slices
        result = np.empty([s.stop - s.start for s in slices], dtype)
        for i in range(z.start, z.stop):
            result[i - z.start] = whole(i)[tuple(rest)]
        return result

    return read
