"""Validation: what is scored, what is kept, and which iteration is best."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.results.comparison import best_row, mean_rows
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Predicted, Saved, Snapshot, TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.experiments.training.validation import validate_trained


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, RunFolder, list[Any]]:
    """A run of six iterations, validated at the third and the last, and every step it yielded."""
    root = tmp_path_factory.mktemp("trained")
    run, folder = tiny.run(root, validation_interval=3), tiny.run_folder(root)
    return run, folder, list(train(run, folder, "cpu"))


def rows(folder: RunFolder) -> tuple[ValidationRow, ...]:
    return History(folder.path).read().validations


def test_every_point_of_the_grid_is_scored_by_every_criterion(trained) -> None:
    run, folder, _ = trained
    found = [(row.iteration, row.parameters["bias"]) for row in rows(folder)]
    assert found == [(3, 0.25), (3, 0.5), (6, 0.25), (6, 0.5)]
    assert all(set(row.scores) == {c.name for c in run.task.criteria()} for row in rows(folder))


def test_steps_count_blocks_and_points_to_their_ends(trained) -> None:
    _, _, steps = trained
    predicted = [s for s in steps if isinstance(s, Predicted) and s.iteration == 6]
    scored = [s for s in steps if isinstance(s, Validation) and s.iteration == 6]
    assert [s.done for s in predicted] == list(range(1, predicted[0].of + 1))
    assert [(s.done, s.of) for s in scored] == [(1, 2), (2, 2)]


def test_the_segmentation_that_is_kept_has_the_best_score(trained) -> None:
    run, folder, _ = trained
    place = Predictions(folder.validation).at(6, "check")
    segmentation = File(path="segmentation.zarr").open(place).read((0, 0, 0), (20, 20, 20))
    (dataset,) = run.datasplit.validation(folder.root)
    labels = dataset.labels.read((0, 0, 0), (20, 20, 20))
    scores = run.task.score(segmentation, labels, np.ones(labels.shape, np.bool_))
    decides = run.task.criteria()[0]
    best = best_row(decides, [row for row in rows(folder) if row.iteration == 6])
    assert scores[decides.name] == pytest.approx(best.scores[decides.name])


def test_the_best_weights_are_those_the_history_says(trained) -> None:
    run, folder, _ = trained
    best = Checkpoints(folder.checkpoints, run.identity).best()
    assert run.task.criteria()[0].name in best
    for criterion in run.task.criteria():
        expected = best_row(criterion, mean_rows(rows(folder)))
        if expected is None:
            assert criterion.name not in best
            continue
        assert best[criterion.name].iteration == expected.iteration
        assert best[criterion.name].score == expected.scores[criterion.name]
        assert load_trained(folder, criterion=criterion.name, device="cpu").iteration == expected.iteration


def test_validating_again_gives_the_same_scores_and_leaves_the_history_alone(trained) -> None:
    _, folder, _ = trained
    before = (folder.path / "history.jsonl").read_bytes()
    steps = [s for s in validate_trained(folder, iteration=6, device="cpu") if isinstance(s, Validation)]
    assert [dict(s.scores) for s in steps] == [dict(r.scores) for r in rows(folder) if r.iteration == 6]
    assert (folder.path / "history.jsonl").read_bytes() == before


def test_only_the_last_and_the_best_predictions_are_kept(tmp_path: Path, monkeypatch) -> None:
    run = tiny.run(tmp_path, iterations=4, validation_interval=1)
    qualities = iter([0.1, 0.9, 0.2, 0.3])
    monkeypatch.setattr(
        type(run.task), "parameter_grid", lambda self: ({"bias": 0.5, "foreground": 0.2, "min_size": 20},)
    )
    monkeypatch.setattr(type(run.task), "score", lambda self, *_: _scores(self, next(qualities)))
    folder = tiny.run_folder(tmp_path)
    list(train(run, folder, "cpu"))
    assert Predictions(folder.validation).iterations() == (2, 4)


def _scores(task: Any, quality: float) -> dict[str, float]:
    return {c.name: quality if c.higher_is_better else 1 - quality for c in task.criteria()}


def test_scores_that_are_all_nan_make_nothing_best(tmp_path: Path, monkeypatch) -> None:
    run, folder = tiny.run(tmp_path, iterations=2), tiny.run_folder(tmp_path)
    monkeypatch.setattr(type(run.task), "score", lambda self, *_: {c.name: math.nan for c in self.criteria()})
    steps = list(train(run, folder, "cpu"))
    assert Checkpoints(folder.checkpoints, run.identity).best() == {}
    assert [s.best_by for s in steps if isinstance(s, Saved)][-1] == ()


def test_a_run_without_validation_data_trains_and_has_no_scores(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path, iterations=2), tiny.run_folder(tmp_path)
    run = run.replace(datasplit=run.datasplit.replace(validate=()))
    steps = list(train(run, folder, "cpu"))
    assert sum(isinstance(s, TrainStep) for s in steps) == 2
    assert rows(folder) == ()
    assert load_trained(folder, device="cpu").iteration == 2


def test_snapshots_hold_a_patch_as_the_network_sees_it_and_the_newest_ten_are_kept(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path, iterations=12, validation_interval=100), tiny.run_folder(tmp_path)
    run = run.replace(
        trainer=run.trainer.replace(snapshot_interval=1), datasplit=run.datasplit.replace(validate=())
    )
    snapshots = [s for s in train(run, folder, "cpu") if isinstance(s, Snapshot)]
    assert [s.iteration for s in snapshots] == list(range(1, 13))
    assert [path.name for path in sorted(folder.snapshots.iterdir())] == [f"{i:09d}" for i in range(3, 13)]
    arrays = opened(snapshots[-1].path)
    assert arrays["raw"].shape == (24, 24, 24)
    assert arrays["target"].shape == arrays["prediction"].shape == (4, 8, 8, 8)


def test_a_snapshot_lies_where_its_patch_was_cut(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path, iterations=1), tiny.run_folder(tmp_path)
    trainer = run.trainer.replace(snapshot_interval=1, augments=())
    run = run.replace(trainer=trainer, datasplit=run.datasplit.replace(validate=()))
    (snapshot,) = [s for s in train(run, folder, "cpu") if isinstance(s, Snapshot)]
    arrays, cells = opened(snapshot.path), File(path="train-raw.zarr").open(tmp_path)
    offset = arrays["target"].offset
    assert arrays["raw"].offset == tuple(o - 8 * 8.0 for o in offset)  # (24 - 8) / 2 voxels around the output
    assert arrays["prediction"].offset == arrays["weight"].offset == offset
    here = cells.read(tuple(round(o / 8.0) for o in offset), (8, 8, 8))
    inner = arrays["raw"].read((8, 8, 8), (8, 8, 8))
    np.testing.assert_allclose(inner.reshape(8, 8, 8), here / 255, rtol=1e-6)


def opened(snapshot: Path) -> dict[str, Array]:
    names = ("raw", "target", "weight", "prediction")
    return {name: File(path=f"{name}.zarr").open(snapshot) for name in names}
