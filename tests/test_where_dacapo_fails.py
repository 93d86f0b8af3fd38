"""Where DaCapo fails, ours works: what no other test says. docs/dacapo.md names the tests of all of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import zarr

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, TrainStep
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.hot_distance import HotDistance
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

ROOT = Path(__file__).resolve().parents[1]
BALL = np.hypot(*np.ogrid[-16:16, -16:16]) < 9  # (y, x), with room around
KINDS = (SignedDistance, InnerDistance, HotDistance)
every_distance = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def classes(kind: type[Task], channels: tuple[str, ...] = ("ball",)) -> Any:
    return kind(channels=channels, scale=3.0, postprocessor=Threshold())


def padded(labels: np.ndarray, around: int) -> np.ndarray:
    return np.pad(labels, [(0, 0)] * (labels.ndim - 2) + [(around, around)] * 2)


# --- B1: predictions near 0 are cut at 127, so nothing is ever found ---


@every_distance
def test_a_perfect_prediction_of_distances_is_scored_as_perfect(kind: Any) -> None:
    task = classes(kind)
    (around, *_), _ = task.padding((1.0, 1.0))
    labels = padded(BALL.astype(np.uint8), around)
    prediction, _ = task.target(labels, np.ones(labels.shape, np.bool_), (1.0, 1.0))
    known = np.ones(BALL.shape, np.bool_)
    scores = [
        task.score(task.segment(prediction.astype(np.float32), each), BALL.astype(np.uint8), known)
        for each in task.parameter_grid()
    ]
    assert max(each["dice"] for each in scores) == 1.0


# --- B9: labels without a channel axis, the documented layout, crash ---


@every_distance
def test_labels_without_channels_have_the_target_of_labels_with_one(kind: Any) -> None:
    task = classes(kind)
    (around, *_), _ = task.padding((1.0, 1.0))
    labels = padded(BALL.astype(np.uint8), around)
    known = np.ones(labels.shape, np.bool_)
    with_axis, without = (task.target(each, known, (1.0, 1.0)) for each in (labels[None], labels))
    np.testing.assert_array_equal(with_axis[0], without[0])
    np.testing.assert_array_equal(with_axis[1], without[1])


# --- B2, B2b: prediction on new data never works, and small volumes come back as zeros ---


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    root = tmp_path_factory.mktemp("workspace")
    folder = tiny.run_folder(root)
    list(train(tiny.run(root, iterations=2, validation_interval=2), folder, "cpu"))
    return folder


def prediction(folder: RunFolder, image: Any, output: Path) -> np.ndarray:
    *_, last = apply(Wanted(folder, image, output, device="cpu"))
    assert isinstance(last, Applied)
    return zarr.open_array(str(last.prediction / "0"), mode="r")[:]


def test_a_volume_smaller_than_a_block_is_predicted_to_its_borders(
    trained: RunFolder, tmp_path: Path
) -> None:
    raw, _ = tiny.cells((9, 10, 11), 3)
    found = prediction(trained, from_numpy(raw, "zyx", (8.0,) * 3, unit="nm"), tmp_path / "small")
    assert found.shape == (4, 9, 10, 11)
    assert found.min() > 0 and found.std() > 0


def test_raw_with_a_channel_axis_predicts_what_raw_without_one_does(
    trained: RunFolder, tmp_path: Path
) -> None:
    raw, _ = tiny.cells((20, 20, 20), 3)
    plain = prediction(trained, from_numpy(raw, "zyx", (8.0,) * 3, unit="nm"), tmp_path / "plain")
    channel = from_numpy(raw[None], "czyx", (8.0,) * 3, unit="nm")
    np.testing.assert_array_equal(prediction(trained, channel, tmp_path / "channel"), plain)


# --- B14: the second training of a process deadlocks; B19: 2D cannot be applied ---


def test_a_second_run_trains_in_the_same_process_and_2d_is_applied(tmp_path: Path) -> None:
    for name in ("first", "second"):
        folder = tiny.run_folder(tmp_path / name)
        steps = train(_flat_run(tmp_path / name), folder, "cpu")
        assert sum(isinstance(step, TrainStep) for step in steps) == 2
    raw, _ = tiny.cells((40, 40), 5)
    image = from_numpy(raw, "yx", (8.0, 8.0), unit="nm")
    assert prediction(folder, image, tmp_path / "out").shape == (2, 40, 40)


def _flat_run(root: Path) -> Any:
    split = ListedDatasets(
        train=(tiny.dataset(root, "flat", (48, 48), 0),),
        validate=(tiny.dataset(root, "seen", (32, 32), 1),),
    )
    return tiny.run(
        root,
        datasplit=split,
        architecture=UNet(
            input_shape=(24, 24),
            eval_shape_increase=(8, 8),
            num_fmaps=2,
            fmap_inc_factor=2,
            downsample_factors=((2, 2),),
        ),
        task=Affinities(
            neighborhood=((1, 0), (0, 1)), postprocessor=MutexWatershed(bias=(0.5,), foreground=(0.2,))
        ),
        trainer=Trainer(precision="float32", snapshot_interval=0, loader_threads=2),
        iterations=2,
        validation_interval=2,
    )


# --- B13: other names than raw, labels and mask are ignored ---


def test_arrays_of_other_names_are_found_by_those(tmp_path: Path) -> None:
    for group in ("learn", "check"):
        for name, kind in (("em", np.uint8), ("cells", np.uint16), ("seen", np.uint8)):
            grid: dict[str, Any] = {
                "axes": "yx",
                "voxel_size": (8.0, 8.0),
                "offset": (0.0, 0.0),
                "unit": "nm",
            }
            write_ome_zarr(tmp_path / "data" / group / name, np.ones((8, 8), kind), **grid)
    split = FolderDatasets(
        path="data", training_group="learn", validation_group="check", raw="em", labels="cells", mask="seen"
    )
    (dataset,) = split.datasets(tmp_path, "learn")
    assert [source.path.rpartition("/")[2] for source in (dataset.raw, dataset.labels, dataset.mask)] == [
        *("em", "cells", "seen"),
    ]


# --- B17, B18: a run cannot be made longer, and what was learned since the last checkpoint is lost ---


def test_a_run_that_is_stopped_between_checkpoints_goes_on_there_and_may_be_longer(tmp_path: Path) -> None:
    run = tiny.run(tmp_path, iterations=50, validation_interval=50)
    folder = tiny.run_folder(tmp_path)
    steps = train(run.replace(trainer=run.trainer.replace(checkpoint_interval=0)), folder, "cpu")
    for step in steps:
        if isinstance(step, TrainStep) and step.iteration == 3:
            break
    steps.close()
    longer = run.replace(iterations=60, trainer=run.trainer.replace(checkpoint_interval=0))
    first = next(step for step in _training(longer, folder) if isinstance(step, TrainStep))
    assert (first.iteration, first.of) == (4, 60)


def _training(run: Any, folder: RunFolder) -> Iterator[Any]:
    steps = train(run, folder, "cpu")
    try:
        yield from steps
    finally:
        steps.close()


# --- the page ---


def test_every_test_that_the_page_names_exists() -> None:
    page = (ROOT / "docs" / "dacapo.md").read_text()
    named = re.findall(r"`(test_\w+)\.(test_\w+)`", page)
    assert len(named) >= 20
    missing = [
        f"{module}.{name}"
        for module, name in named
        if not re.search(rf"def {name}\b", _source(ROOT / "tests" / f"{module}.py"))
    ]
    assert missing == []


def _source(path: Path) -> str:
    return path.read_text() if path.exists() else ""
