"""What lies in a container: folders of a Zarr, an N5 or a plain folder, or groups of an HDF5 file."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.file import File
from napari_dacapo.errors import UserInputError


class Tree(ABC):
    """Places are names joined by "/"; "" is the container itself."""

    @abstractmethod
    def names(self, place: str) -> list[str]:
        """What lies in a group, numbers in their own order; empty for what is no group."""

    @abstractmethod
    def file(self, place: str, **fields: Any) -> File:
        """The array there."""

    def find(self, place: str, wanted: str) -> str | None:
        """The place of what is called so in a group, with or without a suffix: "raw" finds raw.tif."""
        names = self.names(place)
        found = [n for n in names if n == wanted] or [n for n in names if n.startswith(f"{wanted}.")]
        return f"{place}/{found[0]}".lstrip("/") if found else None


class FolderTree(Tree):
    def __init__(self, root: Path, path: str) -> None:
        self._folder = root / path
        self._path = path

    def names(self, place: str) -> list[str]:
        folder = self._folder / place
        if not folder.is_dir() or (folder / ".zarray").exists():  # in a Zarr v2 array lie its chunks
            return []
        return in_order(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))

    def file(self, place: str, **fields: Any) -> File:
        return File(path=str(Path(self._path) / place), **fields)


class Hdf5Tree(Tree):
    def __init__(self, root: Path, path: str) -> None:
        self._file = root / path
        self._path = path

    def names(self, place: str) -> list[str]:
        import h5py

        with h5py.File(self._file, "r", locking="best-effort") as file:
            node = file.get(place) if place else file
            return in_order(node) if isinstance(node, h5py.Group) else []

    def file(self, place: str, **fields: Any) -> File:
        return File(path=self._path, array=place, **fields)


def tree_of(root: Path, path: str) -> Tree:
    """Raises UserInputError for what is neither a folder nor an HDF5 file."""
    from napari_dacapo.arrays.formats.sniff import format_of

    if (root / path).is_dir():
        return FolderTree(root, path)
    found = format_of(root / path)
    if found != "hdf5":
        raise UserInputError(
            "path", path, f"it is one image ({found}), no folder", "Choose a folder, Zarr, N5 or HDF5"
        )
    return Hdf5Tree(root, path)


def in_order(names: Iterable[str]) -> list[str]:
    """Numbers count as numbers: 9.png comes before 10.png."""
    return sorted(names, key=lambda name: [part.zfill(20) for part in re.split(r"(\d+)", name)])
