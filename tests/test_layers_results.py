"""Datasets, validations, snapshots and applied runs as layers that lie over each other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from napari.layers import Layer

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import delete_own, write_ome_zarr
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.results.results import stored_result, whole
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied
from napari_dacapo.layers.boxes import region_layers
from napari_dacapo.layers.object_scores import ObjectScores
from napari_dacapo.layers.results import (
    applied_layers,
    dataset_layers,
    image_beneath,
    result_layers,
    snapshot_layers,
    stacked_layers,
)
from napari_dacapo.trainers.trainer import Trainer


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two iterations with a snapshot of each, and a validation."""
    trainer = Trainer(precision="float32", snapshot_interval=1, loader_threads=0)
    return tiny.trained(tmp_path_factory.mktemp("workspace"), trainer=trainer, iterations=2)


def layers(made: list[Any]) -> dict[str, Layer]:
    viewer = ViewerModel()
    return {layer.name: layer for layer in (viewer.add_layer(Layer.create(*each)) for each in made)}


def test_a_validation_is_a_layer_for_each_channel_and_the_segmentation(trained: RunFolder) -> None:
    result = stored_result(trained, 2, "check")
    made = layers(result_layers(result))
    names = ["affinity_z1", "affinity_y1", "affinity_x1", "affinity_x3", "segmentation"]
    assert list(made) == [f"check 2 {name}" for name in names]
    assert [layer.visible for layer in made.values()] == [True, False, False, False, True]
    assert made["check 2 affinity_x3"].contrast_limits == [0, 1]
    np.testing.assert_array_equal(np.asarray(made["check 2 affinity_x3"].data), whole(result.prediction)[3])
    np.testing.assert_array_equal(np.asarray(made["check 2 segmentation"].data), whole(result.segmentation))


def test_beneath_a_live_validation_lies_its_image_where_there_are_several(trained: RunFolder) -> None:
    result = stored_result(trained, 2, "check")
    assert [made[1]["name"] for made in image_beneath(result)] == ["check raw"]
    names = [made[1]["name"] for made in stacked_layers(result)]
    assert names == ["check raw", "check 2 prediction", "check 2 segmentation"]
    alone = HeldOutSlab(dataset=result.run.datasplit.entries[0].dataset)
    assert image_beneath(replace(result, run=result.run.replace(datasplit=alone))) == []


def test_image_truth_results_and_scores_lie_over_each_other(trained: RunFolder) -> None:
    result = stored_result(trained, 2, "check")
    made = layers(
        [*dataset_layers(result.dataset), *result_layers(result), *ObjectScores.of(result).layers()]
    )
    assert len(made) == 2 + 5 + 3
    for layer in made.values():
        assert layer.data_to_world((0, 0, 19)) == (4.0, 4.0, 156.0)
        assert [str(unit) for unit in layer.units] == ["nanometer"] * 3


def test_raw_is_shown_as_it_was_before_normalising(trained: RunFolder) -> None:
    made = layers(dataset_layers(stored_result(trained, 2, "check").dataset))
    assert made["check raw"].dtype == np.uint8
    np.testing.assert_array_equal(
        np.asarray(made["check raw"].data), whole(File(path="check-raw.zarr").open(trained.root))
    )


def test_a_snapshot_is_shown_in_the_range_of_what_is_predicted(trained: RunFolder) -> None:
    target = trained.snapshots / "000000002" / "target.zarr"
    array = File(path=str(target)).open()
    delete_own(target)  # classes have targets of bytes, 0 and 1
    world = {"voxel_size": array.voxel_size, "offset": array.offset, "unit": array.unit}
    write_ome_zarr(target, np.zeros(array.shape, np.uint8), axes=array.axes, **world)
    limits = {made[1]["name"]: made[1]["contrast_limits"] for made in snapshot_layers(trained, 2)}
    assert limits["target 2"] == limits["prediction 2"] == (0.0, 1.0)


def test_a_snapshot_has_one_slider_for_the_channels_of_all(trained: RunFolder) -> None:
    viewer = ViewerModel()
    made = [viewer.add_layer(Layer.create(*each)) for each in snapshot_layers(trained, 1)]
    assert [layer.name for layer in made] == ["raw 1", "target 1", "weight 1", "prediction 1"]
    assert [layer.ndim for layer in made] == [3, 4, 4, 4]
    assert viewer.dims.nsteps[0] == 4
    centres = [
        np.mean([layer.data_to_world((0,) * 4), layer.data_to_world(_last(layer))], axis=0) for layer in made
    ]
    assert len({tuple(centre[-3:].tolist()) for centre in centres}) == 1
    assert all(32.0 <= place <= 288.0 for place in centres[0][-3:])  # 8 voxels of output in 40
    assert [layer.visible for layer in made] == [True, False, False, True]


def _last(layer: Layer) -> tuple[int, ...]:
    return tuple(n - 1 for n in layer.data.shape)


def test_what_a_run_was_applied_to_lies_over_its_image(trained: RunFolder, tmp_path: Path) -> None:
    *_, last = apply(Wanted(trained, File(path="check-raw.zarr"), tmp_path / "applied", device="cpu"))
    assert isinstance(last, Applied)
    made = layers(applied_layers(trained.saved_run(), last, "check"))
    assert list(made) == ["check prediction", "check segmentation"]
    assert made["check segmentation"].data_to_world((0, 0, 0)) == (4.0, 4.0, 4.0)
    prediction = made["check prediction"]
    assert prediction.axis_labels == ("c", "z", "y", "x") and prediction.data.shape[0] == 4
    assert prediction.data_to_world((3, 0, 0, 0)) == (3.0, 4.0, 4.0, 4.0)
    assert [str(unit) for unit in prediction.units] == ["pixel", *["nanometer"] * 3]


def test_what_trains_and_what_validates_are_boxes_of_their_size(trained: RunFolder) -> None:
    split = trained.saved_run().datasplit
    made = layers(region_layers(split.training(trained.root), split.validation(trained.root)))
    assert list(made) == ["train trains", "check validates"]
    assert made["train trains"].scale.tolist() == [320.0] * 3
    assert made["check validates"].scale.tolist() == [160.0] * 3
    assert made["train trains"].get_color(1).tolist() != made["check validates"].get_color(1).tolist()
