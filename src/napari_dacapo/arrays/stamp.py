"""When an image was last written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from napari_dacapo.errors import ImageChangedError

METADATA = ("zarr.json", ".zarray", "attributes.json")
Seen = tuple[int, int]  # bytes, and time in ns; -1 where nothing is


@dataclass(frozen=True, slots=True)
class Stamp:
    """Of files; of a Zarr or N5 the metadata of its arrays: its chunks are too many to look at."""

    files: tuple[tuple[Path, Seen], ...] = ()

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Self:
        return cls(tuple((file, _seen(file)) for path in paths for file in _files(path)))

    def refuse_change(self) -> None:
        """Raises ImageChangedError where something was written, moved or deleted since."""
        for file, seen in self.files:
            if _seen(file) != seen:
                problem = "it was written to, moved or deleted while it was read"
                fix = "Bring it back and give the same command: finished blocks are kept"
                raise ImageChangedError("image", file.name, problem, fix)

    def to_json(self) -> list[list[int]]:
        """Without names: a workspace can be moved."""
        return [list(seen) for _, seen in self.files]


@dataclass(frozen=True, slots=True)
class StampOf:
    """Taken once in every process that reads, since each may have a copy of its own under the same path."""

    paths: tuple[Path, ...] = ()
    start: str = ""  # of the work: a process may outlive it

    def __call__(self) -> Stamp:
        return _taken(self)


NOTHINGS = StampOf()


@lru_cache(maxsize=1)
def _taken(of: StampOf) -> Stamp:
    return Stamp.of(of.paths)


def _files(path: Path) -> Iterator[Path]:
    """Those that tell of a change; the folder itself where none does."""
    patterns = (f"{below}{name}" for below in ("", "*/", "*/*/") for name in METADATA)
    found = sorted({file for pattern in patterns for file in path.glob(pattern)}) if path.is_dir() else []
    yield from found or [path]


def _seen(file: Path) -> Seen:
    try:
        state = file.stat()
    except OSError:
        return (-1, -1)
    return (state.st_size, state.st_mtime_ns)
