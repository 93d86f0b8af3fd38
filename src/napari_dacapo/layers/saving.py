"""Layers saved into the workspace, so that runs can be trained on them."""

from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import copy_to_ome_zarr
from napari_dacapo.files import slug
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace


def place_of(workspace: Workspace, title: str) -> Path:
    """Where a layer of that title is saved; there may be nothing yet."""
    return workspace.labels_folder / f"{slug(folded(title))}.zarr"


def save_layer(workspace: Workspace, title: str, array: Array) -> File:
    """Write the array into the workspace, block by block, and return it as a source with a relative path.

    It takes the place of an earlier one of that title when it is complete. Raises DiskFullError where
    there is no room, and UserInputError for values that cannot be used; the earlier one stays then.
    """
    path = place_of(workspace, title)
    copy_to_ome_zarr(path, array, {"title": title})
    return File(path=path.relative_to(workspace.path).as_posix(), axes=array.axes)
