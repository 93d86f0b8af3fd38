"""Layers saved into the workspace, so that runs can be trained on them."""

from collections.abc import Collection
from itertools import count
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import copy_to_ome_zarr
from napari_dacapo.arrays.same_grid import refuse_other_grids
from napari_dacapo.arrays.same_voxels import same_voxels
from napari_dacapo.errors import UserInputError
from napari_dacapo.files import slug
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace


def place_of(workspace: Workspace, title: str) -> Path:
    """Where a layer of that title is saved; there may be nothing yet."""
    return workspace.labels_folder / f"{slug(folded(title))}.zarr"


def save_layer(workspace: Workspace, title: str, array: Array, in_use: Collection[Path] = ()) -> File:
    """Write the array into the workspace, block by block, and return it as a source with a relative path.

    It takes the place of an earlier one of that title when it is complete. One that is in use and holds
    anything else stays, and this one gets a number: cells, cells 2. Raises DiskFullError where there is no
    room, and UserInputError for values that cannot be used; the earlier one stays then.
    """
    for number in count(1):
        path = place_of(workspace, title if number == 1 else f"{title} {number}")
        source = File(path=path.relative_to(workspace.path).as_posix(), axes=array.axes)
        if path not in in_use:
            copy_to_ome_zarr(path, array, {"title": title})
            break
        if _is_saved(source, array, workspace.path):
            break
    return source


def _is_saved(source: File, array: Array, root: Path) -> bool:
    """Whether it is there already, in the same place of the world."""
    try:
        saved = source.open(root)
        refuse_other_grids("layer", (array, saved))
    except UserInputError:
        return False
    return same_voxels(array, saved)
