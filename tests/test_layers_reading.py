"""What we wrote, opened by napari as a person drops it on the window."""

from pathlib import Path
from typing import Any

import h5py
import npe2
import numpy as np
import pytest
import tiny
import zarr
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Snapshot
from napari_dacapo.experiments.training.train import train
from napari_dacapo.layers.keeping import ChosenLayer, file_of
from napari_dacapo.layers.pixels import Pixels
from napari_dacapo.layers.possible_axes import likely_axes, possible_axes
from napari_dacapo.layers.reading import reader
from napari_dacapo.layers.saving import save_layer
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace

PLUGIN = "napari-dacapo"
npe2.PluginManager.instance().discover()
WORLD: dict[str, Any] = {"voxel_size": (8.0, 4.0, 4.0), "offset": (80.0, 0.0, 0.0), "unit": "nm"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained for two iterations, with a snapshot after each, and applied."""
    root = tmp_path_factory.mktemp("space")
    run = tiny.run(root, iterations=2, validation_interval=2)
    run = run.replace(trainer=run.trainer.replace(snapshot_interval=1))
    folder = tiny.run_folder(root)
    assert sum(isinstance(step, Snapshot) for step in train(run, folder, "cpu")) == 2
    image = from_numpy(tiny.cells((20, 24, 28), seed=5)[0], "zyx", *list(WORLD.values())[:2], "nm", "cells")
    for _ in apply(Wanted(folder, image, root / "applied", device="cpu")):
        pass
    return folder


def opened(path: Path) -> list[Any]:
    return ViewerModel().open(path, plugin=PLUGIN)


def test_a_prediction_is_an_image_for_each_channel(trained: RunFolder) -> None:
    layers = opened(trained.root / "applied" / "prediction.zarr")
    names = ("affinity_z1", "affinity_y1", "affinity_x1", "affinity_x3")
    assert [layer.name for layer in layers] == [f"applied prediction {name}" for name in names]
    assert [layer.visible for layer in layers] == [True, False, False, False]
    assert all(type(layer) is Image and layer.data.shape == (20, 24, 28) for layer in layers)


def test_a_segmentation_is_labels_in_its_place_and_unit(trained: RunFolder) -> None:
    (layer,) = opened(trained.root / "applied" / "segmentation.zarr")
    assert type(layer) is Labels and layer.name == "applied segmentation"
    assert layer.scale == pytest.approx((8.0, 4.0, 4.0))
    assert layer.translate == pytest.approx((84.0, 2.0, 2.0))  # of the first voxel's centre
    assert [str(unit) for unit in layer.units] == ["nanometer"] * 3
    assert layer.axis_labels == ("z", "y", "x")


def test_nothing_is_loaded_before_it_is_looked_at(trained: RunFolder) -> None:
    found = npe2.read([str(trained.root / "applied" / "segmentation.zarr")], stack=False, plugin_name=PLUGIN)
    assert [type(data) for data, *_ in found] == [Pixels]


def test_a_folder_of_results_opens_whole(trained: RunFolder) -> None:
    layers = opened(trained.root / "applied")
    assert [type(layer) for layer in layers] == [Image] * 4 + [Labels]


def test_a_snapshot_opens_whole(trained: RunFolder) -> None:
    layers = opened(trained.snapshots / "000000002")
    names = ("prediction", "raw", "target", "weight")
    assert [layer.name for layer in layers] == [f"000000002 {name}" for name in names]
    assert [layer.ndim for layer in layers] == [4, 3, 4, 4]


@pytest.mark.parametrize(("title", "kind"), [("cells raw", Image), ("cells labels", Labels)])
def test_a_saved_layer_opens_under_its_title(tmp_path: Path, title: str, kind: type[Any]) -> None:
    workspace = Workspace(tmp_path)
    saved = save_layer(workspace, title, from_numpy(np.zeros((4, 4, 4), np.uint16), "zyx", *WORLD.values()))
    (layer,) = opened(tmp_path / saved.path)
    assert type(layer) is kind and layer.name == title


def test_the_arrays_of_an_hdf5_file_are_layers_that_are_read_from_it(tmp_path: Path) -> None:
    path = tmp_path / "ovule.h5"
    with h5py.File(path, "w") as file:
        for name, dtype in (("labels/all", np.uint16), ("raw", np.uint8), ("profile", np.float32)):
            file[name] = np.ones((6, 7, 8) if name != "profile" else (3,), dtype)
            file[name].attrs["element_size_um"] = (0.3, 0.1, 0.1)
    raw, ids = opened(path)
    assert (type(raw), raw.name, type(ids), ids.name) == (Image, "ovule raw", Labels, "ovule labels/all")
    assert raw.scale == pytest.approx((300, 100, 100))
    source = file_of(ChosenLayer(ShownLayer.of(ids)), tmp_path)
    assert source is not None and (source.path, source.array) == ("ovule.h5", "labels/all")


def test_an_array_of_hdf5_whose_axes_nothing_tells_is_a_layer_whose_axes_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "film with labels.h5"
    voxels = np.arange(2 * 5 * 6 * 7, dtype=np.uint16).reshape(2, 5, 6, 7)
    with h5py.File(path, "w") as file:
        file["raw"], file["labels"], file["mask"] = voxels, voxels, voxels > 9
        file["colour"] = np.zeros((40, 50, 3), np.uint8)
    colour, truth, raw, ids = opened(path)
    assert (type(raw), type(truth), type(ids), colour.rgb) == (Image, Image, Labels, True)
    assert raw.data.shape == (2, 5, 6, 7) and type(raw.data) is h5py.Dataset  # read as it is looked at
    shown = ShownLayer.of(raw)
    assert "czyx" in possible_axes(shown) and likely_axes(shown) is None
    source = file_of(ChosenLayer(shown, axes="tzyx", time=1), tmp_path)
    assert source is not None and (source.array, source.axes, source.time) == ("raw", "tzyx", 1)
    np.testing.assert_array_equal(source.open(tmp_path).read((0, 0, 0), (5, 6, 7)), voxels[1])


def test_what_others_wrote_is_left_to_others(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "theirs.zarr"), attributes={"napari": "something"})
    (tmp_path / "pictures").mkdir()
    write_ome_zarr(tmp_path / "mixed" / "ours.zarr", np.zeros((4, 4, 4), np.uint8), axes="zyx", **WORLD)
    zarr.create_group(str(tmp_path / "mixed" / "theirs.zarr"))
    others = ["theirs.zarr", "pictures", "mixed", "nowhere"]
    assert [reader(str(tmp_path / name)) for name in others] == [None] * 4
    assert reader([str(tmp_path / "mixed" / "ours.zarr"), str(tmp_path / "theirs.zarr")]) is None
