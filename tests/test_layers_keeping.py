"""Layers that were opened from a file are read from there; all others are copied into the workspace."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import tiny
from napari.layers import Image, Labels

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.arrays.same_voxels import same_voxels
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.experiments.run import Run
from napari_dacapo.layers.keeping import ChosenLayer, Kept, files_in_use, keep
from napari_dacapo.layers.saving import save_layer
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace

IDS = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
WORLD = {"scale": (40, 4, 4), "translate": (120, 2, 2), "units": ("nm",) * 3}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def tiff(folder: Path, data: np.ndarray = IDS) -> Path:
    tifffile.imwrite(folder / "cells.tif", data, photometric="minisblack")
    return folder / "cells.tif"


def npy(folder: Path) -> Path:
    np.save(folder / "cells.npy", IDS)
    return folder / "cells.npy"


def zarr(folder: Path) -> Path:
    world = {"axes": "zyx", "voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(folder / "cells.zarr", IDS, **world)
    return folder / "cells.zarr"


def hdf5(folder: Path) -> Path:
    with h5py.File(folder / "cells.h5", "w") as file:
        file["only"] = IDS
    return folder / "cells.h5"


def chosen(path: Path | None, data: np.ndarray = IDS, axes: str | None = None) -> ChosenLayer:
    """A layer as napari has it after it opened the file, with the scale and units a person gave it."""
    shown = ShownLayer.of(Labels(data, name="cells", **WORLD))
    return ChosenLayer(replace(shown, path=None if path is None else str(path)), axes)


def kept(workspace: Workspace, layer: ChosenLayer) -> Kept:
    return keep(workspace, "cells labels", layer, layer.labels(), ())


@pytest.mark.parametrize("write", [tiff, npy, zarr, hdf5])
def test_a_layer_that_is_what_its_file_holds_is_read_from_there(
    workspace: Workspace, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path)
    result = kept(workspace, chosen(path))
    assert result.source.path == str(path)
    assert path.name in result.said and "stays where it is" in result.said
    assert not workspace.path.exists()


def test_the_place_of_the_layer_counts_not_that_of_its_file(workspace: Workspace, tmp_path: Path) -> None:
    opened = kept(workspace, chosen(zarr(tmp_path))).source.open(workspace.path)
    assert (opened.voxel_size, opened.offset, opened.unit) == ((40, 4, 4), (100, 0, 0), "nm")
    np.testing.assert_array_equal(whole(opened), IDS)


@pytest.mark.parametrize(
    ("scale", "units", "is_told"),
    [((1, 1, 1), "pixel", True), ((2, 1, 1), "pixel", False), ((300, 100, 100), "nm", False)],
)
def test_a_voxel_size_that_the_file_knows_and_the_layer_does_not_is_told(
    workspace: Workspace, tmp_path: Path, scale: tuple[int, ...], units: str, is_told: bool
) -> None:
    spacing = {"spacing": 0.3, "unit": "um", "axes": "ZYX"}
    tifffile.imwrite(tmp_path / "cells.tif", IDS, imagej=True, resolution=(10, 10), metadata=spacing)
    shown = ShownLayer.of(Labels(IDS, name="cells", scale=scale, units=(units,) * 3))
    layer = ChosenLayer(replace(shown, path=str(tmp_path / "cells.tif")))
    assert ("Its voxels of 300 x 100 x 100 nm are not known" in kept(workspace, layer).said) is is_told


def painted() -> np.ndarray:
    data = IDS.copy()
    data[4, 5, 6] += 1  # the very last voxel
    return data


@pytest.mark.parametrize(
    "data", [painted(), IDS[:4].copy(), IDS.astype(np.uint32)], ids=["painted", "shape", "type"]
)
def test_a_layer_that_is_not_what_its_file_holds_is_copied(
    workspace: Workspace, tmp_path: Path, data: np.ndarray
) -> None:
    result = kept(workspace, chosen(tiff(tmp_path), data))
    assert result.source.path.startswith("labels/cells-labels-")
    assert "it is not what cells.tif holds" in result.said
    np.testing.assert_array_equal(whole(result.source.open(workspace.path)), data)


@pytest.mark.parametrize("name", [None, "gone.tif", "notes.txt"])
def test_a_layer_without_a_file_that_can_be_opened_is_copied(
    workspace: Workspace, tmp_path: Path, name: str | None
) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    result = kept(workspace, chosen(None if name is None else tmp_path / name))
    assert result.source.path.startswith("labels/") and "copied" in result.said


def test_a_file_in_the_workspace_has_a_relative_path(workspace: Workspace) -> None:
    workspace.path.mkdir()
    assert kept(workspace, chosen(tiff(workspace.path))).source.path == "cells.tif"


def test_axes_that_a_person_chose_are_those_of_the_file(workspace: Workspace, tmp_path: Path) -> None:
    data = np.zeros((3, 6, 7), np.uint8)
    data[1] = 5
    shown = replace(ShownLayer.of(Image(data, name="colours")), path=str(tiff(tmp_path, data)))
    layer = ChosenLayer(shown, "cyx")
    source = keep(workspace, "colours raw", layer, layer.image(), ()).source
    assert source.open(workspace.path).axes == "cyx" and Path(source.path).name == "cells.tif"


def test_a_time_point_is_that_of_the_file(workspace: Workspace, tmp_path: Path) -> None:
    shown = replace(ShownLayer.of(Image(IDS, name="film")), path=str(tiff(tmp_path)))
    layer = ChosenLayer(shown, "tyx", 3)
    source = keep(workspace, "film raw", layer, layer.image(), ()).source
    np.testing.assert_array_equal(whole(source.open(workspace.path)), IDS[3])
    assert Path(source.path).name == "cells.tif"


def test_fractions_that_are_no_number_are_equal_to_themselves() -> None:
    data = np.array([[np.nan, 1.0]], np.float32)
    one = from_numpy(data, "yx", (1, 1))
    assert same_voxels(one, from_numpy(data.copy(), "yx", (2, 2)))
    assert not same_voxels(one, from_numpy(np.zeros_like(data), "yx", (1, 1)))


# --- what runs were made from ---


def used_by_a_run(workspace: Workspace, source: File) -> None:
    split = HeldOutSlab(dataset=Dataset(title="cells", raw=source, labels=source))
    workspace.store.save(Run, "first", tiny.run(workspace.path, datasplit=split))


def test_labels_that_a_run_was_made_from_stay_when_they_are_saved_again(workspace: Workspace) -> None:
    first = save_layer(workspace, "cells", from_numpy(IDS, "zyx", (1,) * 3))
    used_by_a_run(workspace, first)
    in_use = files_in_use(workspace)
    second = save_layer(workspace, "cells", from_numpy(IDS + 1, "zyx", (1,) * 3), in_use)
    assert second.path != first.path
    np.testing.assert_array_equal(whole(first.open(workspace.path)), IDS)
    np.testing.assert_array_equal(whole(second.open(workspace.path)), IDS + 1)


def test_labels_that_are_saved_already_are_saved_no_second_time(workspace: Workspace) -> None:
    first = save_layer(workspace, "cells", from_numpy(IDS, "zyx", (1,) * 3))
    used_by_a_run(workspace, first)
    assert save_layer(workspace, "cells", from_numpy(IDS, "zyx", (1,) * 3), files_in_use(workspace)) == first


def test_the_same_labels_elsewhere_in_the_world_are_other_labels(workspace: Workspace) -> None:
    first = save_layer(workspace, "cells", from_numpy(IDS, "zyx", (1,) * 3))
    used_by_a_run(workspace, first)
    moved = from_numpy(IDS, "zyx", (1,) * 3, offset=(5, 0, 0))
    assert save_layer(workspace, "cells", moved, files_in_use(workspace)) != first


def test_an_empty_workspace_has_nothing_in_use(workspace: Workspace) -> None:
    assert files_in_use(workspace) == frozenset()
    assert not workspace.path.exists()
