"""An array as it lies in its file, with what the file says about it."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.errors import UserInputError

# what libraries raise on a file that is not as it should be
DAMAGE = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError),
    *(SyntaxError, EOFError, ImportError, struct.error, zlib.error, TokenError),
)

PLEASANT_CHUNK = 64  # voxels a side, of what is not stored in chunks


Piece = tuple[slice, ...]  # of an array, along the stored axes


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """One place in a file that tells the voxel size. All tuples go along the stored axes."""

    source: str  # "the attribute resolution"
    scale: tuple[float, ...]  # NaN where it cannot be read; anything along c
    translation: tuple[float, ...] | None = None  # begin of the first voxel
    units: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a format opens; `present` brings it into the order every Array has."""

    name: str  # path and array as a message shows them
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    chunks: tuple[int, ...]  # what is decoded together
    reader: Callable[[tuple[slice, ...]], NDArray[Any]]  # exactly the voxels of slices within bounds
    axes: str | None = None  # a letter of "tczyx" per axis, as the file says; None: it does not
    geometries: tuple[Geometry, ...] = ()  # the first counts; the others must agree
    channel_names: tuple[str, ...] = ()
    pieces: Callable[[], tuple[Piece, ...]] | None = None  # hold all but zeros; None: not told


def pleasant_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """For what can be read in pieces of any size."""
    return tuple(max(1, min(n, PLEASANT_CHUNK)) for n in shape)


def tail(path: Path | str, length: int = 70) -> str:
    """The end of a path, which tells most, as messages show it."""
    text = str(path)
    return text if len(text) <= length else f"…{text[-length:]}"


@contextmanager
def damage_named(path: Path | str, problem: str) -> Iterator[None]:
    """What goes wrong within is told as a problem of the file."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error)[:100] or type(error).__name__
        raise UserInputError(
            "path", tail(path), f"{problem}: {reason}", "Copy or convert it again"
        ) from error
