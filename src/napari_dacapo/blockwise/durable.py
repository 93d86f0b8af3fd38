"""Writing a block so that a crash cannot take it away again."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.formats.codecs import refuse_empty
from napari_dacapo.arrays.formats.stored import DAMAGE, tail
from napari_dacapo.arrays.stored_chunks import stored_chunk
from napari_dacapo.blockwise.turn import ANYBODYS, Turn
from napari_dacapo.errors import UserInputError
from napari_dacapo.files import atomic_write, make_folder, raise_if_full, sync_folder

if TYPE_CHECKING:
    import zarr

Slices = tuple[slice, ...]
UNFINISHED = ".partial"  # how the name of a chunk ends until it is complete


def write_durably(
    array: zarr.Array[Any], folder: Path, slices: Slices, values: NDArray[Any], turn: Turn = ANYBODYS
) -> None:
    """Write whole shards (or chunks) of the array in `folder`; they are on the disk when it returns.

    Raises DiskFullError where there is no room, StoreError where the turn is over.
    """
    values = values.astype(array.dtype, copy=False)
    for key, part in zip(_keys(array, slices), _parts(array, slices), strict=True):
        sides = zip(part, slices, values.shape, strict=True)
        within = tuple(slice(p.start - (s.start or 0), min(p.stop - (s.start or 0), n)) for p, s, n in sides)
        data = stored_chunk(array, values[within])
        with turn.held():
            _put(folder, folder / key, data)


def _put(folder: Path, file: Path, data: bytes) -> None:
    """Durable with the names of the folders between them."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for unfinished in file.parent.glob(f"{file.name}.*{UNFINISHED}"):  # of a process that was killed
            unfinished.unlink(missing_ok=True)
        atomic_write(file, data, file.with_name(f"{file.name}.{token_hex(4)}{UNFINISHED}"))
        for parent in _between(file.parent, folder):
            sync_folder(parent)
    except OSError as error:
        raise_if_full(error, folder, len(data))
        raise


def read_written(array: zarr.Array[Any], folder: Path, slices: Slices) -> NDArray[Any]:
    """What was written. Raises UserInputError naming the file that is damaged."""
    try:
        refuse_empty(folder / key for key in _keys(array, slices))
        return np.asarray(array[slices])
    except DAMAGE as error:
        fix = "Delete that file and start again: its block is made again"
        for file, part in zip(_keys(array, slices), _parts(array, slices), strict=True):
            try:
                refuse_empty((folder / file,))
                array[part]
            except DAMAGE as reason:
                raise UserInputError("output", tail(folder / file), "it is damaged", fix) from reason
        raise UserInputError("output", tail(folder), f"it cannot be read: {str(error)[:60]}", fix) from error


def is_written(array: zarr.Array[Any], folder: Path, slices: Slices) -> bool:
    """Whether every shard (or chunk) of a part has its file, not an empty one: both would read as zeros."""
    return all(_holds_something(folder / key) for key in _keys(array, slices))


def _holds_something(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False


def write_tables(path: Path, turn: Turn = ANYBODYS, **tables: NDArray[Any]) -> None:
    """Arrays of a few megabytes in one file, with checksums. Raises StoreError where the turn is over."""
    data = io.BytesIO()
    np.savez_compressed(data, **tables)  # type: ignore[arg-type]
    with turn.held():
        make_folder(path.parent)
        atomic_write(path, data.getvalue())


def read_table(path: Path, name: str) -> NDArray[Any]:
    """One of the arrays. Raises UserInputError where it is damaged or gone."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as tables:
            table: NDArray[Any] = tables[name]
    except (OSError, ValueError, EOFError, LookupError, zipfile.BadZipFile, zlib.error) as error:
        fix = "Delete that file and start again: the prediction is kept"
        raise UserInputError("output", tail(path), "it is damaged or gone", fix) from error
    return table


def _keys(array: zarr.Array[Any], slices: Slices) -> Iterator[str]:
    return map(array.metadata.encode_chunk_key, _places(array, slices))


def _parts(array: zarr.Array[Any], slices: Slices) -> Iterator[Slices]:
    sides = array.shards or array.chunks
    for place in _places(array, slices):
        yield tuple(slice(p * n, (p + 1) * n) for p, n in zip(place, sides, strict=True))


def _places(array: zarr.Array[Any], slices: Slices) -> Iterator[tuple[int, ...]]:
    """Of the shards (or chunks) that a part touches."""
    full = (slice(*s.indices(n)) for s, n in zip(slices, array.shape, strict=True))
    sides = zip(full, array.shards or array.chunks, strict=True)
    return product(*(range(s.start // n, -(-s.stop // n)) for s, n in sides))


def _between(file: Path, folder: Path) -> Iterator[Path]:
    """The folders from a file up to `folder`."""
    for parent in file.parents:
        yield parent
        if parent == folder:
            return
