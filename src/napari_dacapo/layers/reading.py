"""What we wrote, and HDF5, opened as layers by dropping it on the viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.formats.hdf5 import arrays_in, open_dataset
from napari_dacapo.arrays.ome_zarr import own_attributes
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.layer import LayerData, channels, image, labels
from napari_dacapo.layers.results import prediction_limits
from napari_dacapo.layers.shown import ARRAY

IDS = ("segmentation", "labels", "mask")  # how the titles of what holds ids end
IDS_OF_OTHERS = ("label", "segment", "mask", "truth", "ids", "objects")  # in the names of such arrays
HDF5 = (".h5", ".hdf5")
Reader = Callable[[str | Sequence[str]], list[LayerData]]


def reader(path: str | Sequence[str]) -> Reader | None:
    """For OME-Zarr of ours, for folders that hold some, and for HDF5; None for all else."""
    if all(Path(each).suffix.lower() in HDF5 for each in _several(path)):
        return read_hdf5
    return read if all(_images(Path(each)) for each in _several(path)) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Each image as layers of its voxel size, place and unit; nothing is loaded before it is looked at."""
    return [
        layer
        for each in _several(path)
        for place in _images(Path(each))
        for layer in _layers(place, _title(Path(each), place))
    ]


def read_hdf5(path: str | Sequence[str]) -> list[LayerData]:
    """Every array with 2 or 3 axes in space, ids over images. Raises UserInputError where there is none.

    One whose axes nothing tells is a layer as it is stored: which axis is which is chosen for the layer.
    """
    layers: list[LayerData] = []
    refused: list[UserInputError] = []
    for file in map(Path, _several(path)):
        for name in arrays_in(file):
            try:
                layers.append(_array_of(file, name))
            except UserInputError as error:
                refused.append(error)
    if not layers and refused:
        raise refused[0]
    return sorted(layers, key=lambda layer: layer[-1] == "labels")


def _array_of(file: Path, name: str) -> LayerData:
    title = f"{file.stem} {name}"
    try:
        array = File(path=str(file), array=name).open()
    except UserInputError as error:
        if error.field != "axes":
            raise
        data, properties, kind = _as_stored(open_dataset(file, name), name, title)
    else:
        are_ids = array.channels is None and _are_ids(name, array.dtype)
        data, properties, kind = labels(array, title) if are_ids else image(array, title)
    return data, properties | {"metadata": {ARRAY: name}}, kind


def _as_stored(dataset: Any, name: str, title: str) -> LayerData:
    properties = {"name": title, "multiscale": False}
    if dataset.dtype.kind != "b" and _are_ids(name, dataset.dtype):  # napari takes truths of numpy only
        return dataset, properties, "labels"
    is_colour = dataset.dtype == np.uint8 and dataset.shape[-1] in (3, 4)
    return dataset, properties | {"rgb": is_colour}, "image"


def _are_ids(name: str, dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "bui" and any(word in name.lower() for word in IDS_OF_OTHERS)


def _several(path: str | Sequence[str]) -> Sequence[str]:
    return [path] if isinstance(path, str) else path


def _images(path: Path) -> list[Path]:
    """The folder itself, or those that lie in it; none where there is anything that is not ours."""
    if own_attributes(path) is not None:
        return [path]
    inside = sorted(path.glob("*.zarr")) if path.is_dir() else []
    return inside if all(own_attributes(each) is not None for each in inside) else []


def _title(dropped: Path, place: Path) -> str:
    """As a layer that was saved, else as file and folder."""
    own = own_attributes(place) or {}
    return str(own.get("title") or f"{(dropped if place != dropped else place.parent).name} {place.stem}")


def _layers(place: Path, title: str) -> list[LayerData]:
    array = File(path=str(place)).open()
    if array.channels is None and title.split()[-1] in IDS and array.dtype.kind in "bu":
        return [labels(array, title)]
    if not array.channel_names:
        return [image(array, title)]
    return channels(array, _names(array, title), prediction_limits(array))


def _names(array: Array, title: str) -> list[str]:
    return [f"{title} {name}" for name in array.channel_names]
