"""HDF5, with the attributes of DaCapo, CREMI, ilastik and go-nuclear."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.formats.attributes import axes_in, geometries_in
from napari_dacapo.arrays.formats.choose import no_such_array, only_one
from napari_dacapo.arrays.formats.stored import Stored, damage_named, pleasant_chunks
from napari_dacapo.errors import UserInputError


def open_stored(path: Path, array: str, level: int) -> Stored:
    """Many threads may read: h5py lets one in at a time. The dataset keeps the file open."""
    with damage_named(path, "it cannot be opened"):
        return _stored(h5py.File(path, "r", locking="best-effort"), path, array)


def open_dataset(path: Path, array: str) -> h5py.Dataset:
    """As it is stored, for what asks a person about its axes."""
    with damage_named(path, "it cannot be opened"):
        return _find(h5py.File(path, "r", locking="best-effort"), path, array)


def arrays_in(path: Path) -> list[str]:
    """Names of what can be opened of a file."""
    with damage_named(path, "it cannot be opened"), h5py.File(path, "r", locking="best-effort") as file:
        return _below(file)


def _stored(file: h5py.File, path: Path, array: str) -> Stored:
    dataset = _find(file, path, array)
    _refuse_missing_filters(dataset, path)
    attributes = {name: _plain(value) for name, value in dataset.attrs.items()}
    axes = axes_in(attributes, dataset.ndim)
    return Stored(
        name=f"{path}{dataset.name}",
        shape=dataset.shape,
        dtype=dataset.dtype,
        chunks=dataset.chunks or pleasant_chunks(dataset.shape),
        reader=_reader(dataset),
        axes=axes,
        geometries=geometries_in(attributes, axes, dataset.ndim),
    )


def _find(file: h5py.File, path: Path, array: str) -> h5py.Dataset:
    node = file.get(array) if array else file
    if node is None:
        raise no_such_array(path, array, _below(file))
    if isinstance(node, h5py.Group):
        node = node[only_one(path / array, _below(node))]
    return node


def _below(group: h5py.Group) -> list[str]:
    """Names of the datasets that have 2 or more axes."""
    found: list[str] = []

    def visit(name: str, node: h5py.HLObject) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim > 1:
            found.append(name)

    group.visititems(visit)
    return found


def _refuse_missing_filters(dataset: h5py.Dataset, path: Path) -> None:
    created = dataset.id.get_create_plist()
    for i in range(created.get_nfilters()):
        code, _, _, name = created.get_filter(i)
        if not h5py.h5z.filter_avail(code):
            problem = f"it is encoded with {name.decode(errors='replace') or f'filter {code}'}, unknown here"
            raise UserInputError(
                "path", path.name, problem, "Install the package hdf5plugin, or convert it to gzip"
            )


def _plain(value: Any) -> Any:
    """As JSON would hold it: lists, numbers and texts."""
    if isinstance(value, bytes | np.bytes_):
        return value.decode(errors="replace")
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _reader(dataset: h5py.Dataset) -> Callable[[tuple[slice, ...]], NDArray[Any]]:
    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        return np.asarray(dataset[slices])

    return read
