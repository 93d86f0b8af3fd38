"""What we wrote, opened as layers by dropping it on the viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import own_attributes
from napari_dacapo.layers.layer import LayerData, channels, image, labels
from napari_dacapo.layers.results import prediction_limits

IDS = ("segmentation", "labels", "mask")  # how the titles of what holds ids end
Reader = Callable[[str | Sequence[str]], list[LayerData]]


def reader(path: str | Sequence[str]) -> Reader | None:
    """For OME-Zarr of ours, and for folders that hold some; None for all else, which others may read."""
    return read if all(_images(Path(each)) for each in _several(path)) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Each image as layers of its voxel size, place and unit; nothing is loaded before it is looked at."""
    return [
        layer
        for each in _several(path)
        for place in _images(Path(each))
        for layer in _layers(place, _title(Path(each), place))
    ]


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
