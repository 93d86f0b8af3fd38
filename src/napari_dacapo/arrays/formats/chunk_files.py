"""Which chunks of a Zarr have a file: of large labels that are mostly empty, few."""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zarr

from napari_dacapo.arrays.formats.stored import Piece

MOST_FILES = 1 << 16  # that are listed


def pieces_in(opened: zarr.Array[Any], folder: Path) -> tuple[Piece, ...]:
    """What the chunks, or shards, cover that have a file; everything where there are very many."""
    found = list(itertools.islice(_files_in(folder), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        return (tuple(slice(0, n) for n in opened.shape),)
    places = (_place(os.path.relpath(file, folder), opened.ndim) for file in found)
    return tuple(_piece(opened, place) for place in places if place)


def _files_in(folder: Path | str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_in(entry.path)
            else:
                yield entry.path


def _place(file: str, dims: int) -> tuple[int, ...]:
    """Of the chunk in a file: c/3/0/1, c.3.0.1, 3/0/1 or 3.0.1; nothing for other files."""
    numbers = re.split(r"[./\\]", re.sub(r"^c[./\\]", "", file))
    return tuple(map(int, numbers)) if len(numbers) == dims and all(map(str.isdecimal, numbers)) else ()


def _piece(opened: zarr.Array[Any], place: tuple[int, ...]) -> Piece:
    sides = zip(place, opened.shards or opened.chunks, opened.shape, strict=True)
    return tuple(slice(min(p * n, size), min((p + 1) * n, size)) for p, n, size in sides)
