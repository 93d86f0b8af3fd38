"""The command line's long work and what it found: train, validate, scores, compare, apply."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest
from command_line import CommandLine, fill
from store_records import tree

from napari_dacapo.arrays.file import File
from napari_dacapo.cli import progress
from napari_dacapo.errors import DeviceError, DiskFullError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.training import train as training
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.signed_distance import SignedDistance

PARTS = ("-D", "cells", "-A", "small", "-T", "edges", "-R", "gentle")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """first of 4 iterations, validated every 2; pair-0 and pair-1 of 2; fresh not yet trained."""
    folder = tmp_path_factory.mktemp("cli") / "ws"
    run = fill(folder, iterations=4, validation_interval=2)
    store = Workspace(folder).store
    short = run.replace(iterations=2)
    runs = {"first": run, "fresh": run, **{f"pair-{n}": short.replace(repetition=n) for n in (0, 1)}}
    for name, each in runs.items():
        store.save(Run, name, each, overwrite=True)
        if name != "fresh":
            list(training.train(each, RunFolder(Workspace(folder).run_folder(name), folder), "cpu"))
    return folder


@pytest.fixture
def call(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    shutil.copytree(trained, tmp_path / "ws")
    return CommandLine(tmp_path / "ws", capsys)


@pytest.fixture
def on_terminal(call: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal of 80 columns."""
    call.on_terminal = True
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    return call


def folder_of(call: CommandLine, name: str) -> RunFolder:
    return RunFolder(call.workspace.run_folder(name), call.workspace.path)


def newest(call: CommandLine, name: str) -> int:
    return Checkpoints(folder_of(call, name).checkpoints, "").list()[-1].iteration


def test_training_into_a_file_says_where_how_fast_and_how_long(call: CommandLine) -> None:
    answer = call("train", "fresh", "--device", "cpu")
    assert (answer.code, answer.out) == (0, "trained fresh: 4 of 4 iterations\n")
    lines = answer.err.splitlines()
    assert lines[0] == f"training fresh in {call.workspace.run_folder('fresh')}"
    assert lines[1].startswith("iteration 1 of 4, loss 0.")
    assert lines[2].startswith("iteration 2 is the best so far by voi_sum")
    assert " it/s, 0:00:0" in lines[1] and lines[-1].startswith("iteration 4 of 4, loss 0.")


def test_training_on_a_terminal_draws_a_bar(on_terminal: CommandLine) -> None:
    answer = on_terminal("train", "fresh", "--device", "cpu")
    last = click.unstyle(answer.err).splitlines()[-1]
    assert "training" in last and "4/4" in last and "loss 0." in last
    assert "scoring check" in answer.err and "iteration 2 is the best so far" in answer.err


def test_lines_come_every_ten_seconds_and_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.0, 4.0, 9.9, 10.0, 15.0, 16.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    lines = progress.Lines()
    for iteration in (101, 102, 103, 104, 105, 200_000):
        lines.show(progress.TrainStep(iteration, 200_000, 0.5, 1e-3, 1.0, 0.0, "cpu", 0))
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in said] == ["101", "104", "200,000"]
    assert said[1] == "iteration 104 of 200,000, loss 0.5000, 0.4 it/s, 6 days, 8:41:54 left"


def test_lines_of_blocks_say_how_long_the_step_at_work_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 20.0, 30.0, 40.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    lines = progress.Lines()
    for done in (101, 103):  # went on after 100 of an earlier command
        lines.show(progress.Predicted(7, "brain", done, 203))
    for done in (1, 2):
        lines.show(progress.Worked("segmenting", "brain", done, 4))
    assert capsys.readouterr().err.splitlines() == [
        "predicting brain: block 101 of 203",
        "predicting brain: block 103 of 203, 0:08:20 left",
        "segmenting brain: block 1 of 4",
        "segmenting brain: block 2 of 4, 0:00:20 left",
    ]


@pytest.mark.parametrize(("parameters", "how"), [({"bias": 0.5}, " with bias=0.5\n"), ({}, "\n")])
def test_how_an_image_was_segmented_is_told_where_there_are_parameters(
    capsys: pytest.CaptureFixture[str], parameters: dict[str, float], how: str
) -> None:
    progress.Lines().show(progress.Applied(7, parameters, Path("a.zarr"), Path("b.zarr")))
    assert capsys.readouterr().err == f"applied the weights of iteration 7, segmented{how}"


def test_a_bar_does_not_take_a_step_for_done_that_has_as_many_blocks_as_the_last() -> None:
    with progress.Bar() as bar:
        for step in (progress.Predicted(7, "x", 4, 4), progress.Worked("segmenting", "x", 1, 4)):
            bar.show(step)
        (part,) = bar._bars.tasks
        assert (part.completed, part.finished) == (1, False)


def test_a_loss_that_is_not_finite_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    progress.Lines().show(progress.TrainStep(1, 9, float("nan"), 1e-3, 1.0, 0.0, "cpu", 0))
    assert "step skipped: the loss was not finite" in capsys.readouterr().err


def test_a_finished_run_says_so_and_more_iterations_extend_it(call: CommandLine) -> None:
    assert "All 4 iterations are done." in call("train", "first").err
    assert call.done("train", "first", "--iterations", 5) == "trained first: 5 of 5 iterations\n"
    assert call.workspace.store.read(Run, "first").iterations == 5
    assert len(History(folder_of(call, "first").path).read().iterations.loss) == 5


def test_fewer_iterations_than_are_done_are_refused(call: CommandLine) -> None:
    answer = call("train", "first", "--iterations", 3)
    assert answer.code == 3 and "4 are done already" in answer.err
    assert call.workspace.store.read(Run, "first").iterations == 4


def fail_with(error: Exception, call: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training of the first of the pair fails."""
    steps_of = training.train

    def failing(run: Run, folder: RunFolder, *rest: Any) -> Any:
        if folder == folder_of(call, "pair-0"):
            raise error
        return steps_of(run, folder, *rest)

    monkeypatch.setattr(training, "train", failing)


FAILURES = [
    (DeviceError("The memory ran out", "Choose a smaller batch"), 7, "Error: The memory ran out. Choose"),
    (DiskFullError(Path("/data/x"), 2_000_000, 7), 6, "needs 2,000,000 bytes, 7 are free"),
    (OSError(28, "No space left on device", "/data/x"), 6, "Error: /data/x: No space left on device."),
    (PermissionError(13, "Permission denied", "/data/x"), 1, "Error: /data/x: Permission denied."),
]


@pytest.mark.parametrize(("error", "code", "text"), FAILURES, ids=[text for _, _, text in FAILURES])
def test_the_next_run_is_trained_when_one_fails(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, text: str
) -> None:
    fail_with(error, call, monkeypatch)
    answer = call("train", "pair-0", "pair-1")
    assert answer.code == code
    assert answer.out == "trained pair-1: 2 of 2 iterations\n"
    assert text in answer.err
    assert answer.err.splitlines()[-1] == "1 of 2 runs failed: pair-0"


def test_a_device_that_needs_a_restart_ends_the_queue(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(DeviceError("The GPU failed", "Restart", restart_needed=True), call, monkeypatch)
    answer = call("train", "pair-0", "pair-1")
    assert (answer.code, answer.out) == (7, "")
    assert answer.err.endswith("1 of 2 runs failed: pair-0; not tried: pair-1\n")


def test_everything_that_is_wrong_with_a_run_is_told_at_once(call: CommandLine) -> None:
    shutil.rmtree(call.workspace.path / "check-labels.zarr")
    answer = call("train", "fresh")
    assert answer.code == 3 and "check-labels.zarr" in answer.err
    assert not call.workspace.run_folder("fresh").exists()


def test_scores_are_those_of_each_iteration_s_best_parameters(call: CommandLine) -> None:
    header, *rows = call.done("scores", "first").splitlines()
    assert header.split()[:3] == ["iteration", "voi_sum", "voi_split"]
    assert [row.split()[0] for row in rows] == ["2", "4"]
    assert sum(row.split()[1].endswith("*") for row in rows) == 1


def test_another_score_may_decide(call: CommandLine) -> None:
    header = call.done("scores", "first", "--by", "voi_merge").splitlines()[0].split()
    assert header.index("voi_merge") < header.index("voi_sum")


def test_every_true_object_is_listed_with_what_became_of_it(call: CommandLine) -> None:
    rows = list(csv.reader(call.done("objects", "first", "--csv").splitlines()))
    assert rows[0] == ["dataset", "object", "voxels", "IoU", "segment", "split into", "merged with"]
    truth = call.workspace.path / "check-labels.zarr"
    labels = File(path=str(truth)).open()
    ids, counts = np.unique(labels.read((0, 0, 0), labels.spatial_shape), return_counts=True)
    found = {int(row[1]): int(row[2]) for row in rows[1:]}
    assert found == {i: n for i, n in zip(ids.tolist(), counts.tolist(), strict=True) if i}
    assert [float(row[3]) for row in rows[1:]] == sorted(float(row[3]) for row in rows[1:])
    assert "Choose: 2, 4." in call("objects", "first", "--iteration", 3).err
    assert call("objects", "fresh").code == 5


def test_all_scores_are_written_for_programs(call: CommandLine) -> None:
    rows = list(csv.DictReader(call.done("scores", "first", "--csv").splitlines()))
    assert [(row["iteration"], row["bias"]) for row in rows] == [
        ("2", "0.25"),
        ("2", "0.5"),
        ("4", "0.25"),
        ("4", "0.5"),
    ]
    stored = History(folder_of(call, "first").path).read().validations
    assert [float(row["voi_sum"]) for row in rows] == [row.scores["voi_sum"] for row in stored]


def test_a_terminal_shows_the_columns_that_fit_and_names_the_others(
    on_terminal: CommandLine,
) -> None:
    answer = on_terminal("scores", "first")
    lines = click.unstyle(answer.out).splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= 80
    assert answer.err.startswith("No room for ") and "mean_iou" in answer.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--by", "voi"), 3, "the task has no such score. Choose: voi_sum, voi_split"),
        (("--dataset", "chek"), 3, "it was not validated. Choose: check"),
    ],
)
def test_scores_that_are_not_there_are_told_with_those_that_are(
    call: CommandLine, words: tuple[str, ...], code: int, text: str
) -> None:
    answer = call("scores", "first", *words)
    assert answer.code == code and text in answer.err


def test_runs_are_compared_the_best_first(call: CommandLine) -> None:
    first, second = call.done("compare").split("\n\n")
    names = [line.split()[0] for line in first.splitlines()]
    assert names[0] == "run" and sorted(names[1:]) == ["first", "fresh", "pair-0", "pair-1"]
    scores = [line.split()[1] for line in first.splitlines()[1:]]
    assert scores[:-1] == sorted(scores[:-1], key=float) and scores[-1] == "-"
    assert [line.split()[:2] for line in second.splitlines()] == [["repetitions", "of"], ["pair", "2"]]


def test_of_runs_compared_those_that_cannot_be_read_and_other_datasets_are_told(call: CommandLine) -> None:
    folder_of(call, "pair-0").record.write_text("{")
    history = History(folder_of(call, "first").path)
    rows = history.read().validations
    history.path.unlink()
    history.append_many(replace(row, dataset=f"other {row.dataset}") for row in rows)
    answer = call("compare")
    assert answer.code == 0 and "pair-1" in answer.out
    assert "pair-0 is left out" in answer.err and "not all were validated on the same" in answer.err


def test_a_run_is_compared_as_what_it_was_trained_as(call: CommandLine) -> None:
    store = call.workspace.store
    store.save(Run, "first", store.read(Run, "first").replace(task=SignedDistance()), overwrite=True)
    assert call.done("compare", "first").split()[:2] == ["run", "voi_sum"]


def test_the_mean_and_spread_of_repetitions_are_right(call: CommandLine) -> None:
    csv_rows = csv.DictReader(call.done("compare", "pair-0", "pair-1", "--csv").splitlines())
    a, b = (float(row["score"]) for row in csv_rows if row["criterion"] == "voi_merge")
    last = call.done("compare", "pair-0", "pair-1", "--by", "voi_merge").splitlines()[-1].split()
    assert last == ["pair", "2", f"{(a + b) / 2:.4f}", f"{abs(a - b) / 2**0.5:.4f}"]


def test_validating_again_prints_every_point_and_changes_no_score(call: CommandLine) -> None:
    before = History(folder_of(call, "first").path).read()
    header, *rows = call.done("validate", "first", "--iteration", 2, "--device", "cpu").splitlines()
    assert header.split()[:3] == ["iteration", "bias", "voi_sum"]
    assert [row.split()[:2] for row in rows] == [["2", "0.25"], ["2", "0.5"]]
    assert History(folder_of(call, "first").path).read().validations == before.validations


def test_validated_points_are_written_for_programs(call: CommandLine) -> None:
    text = call.done("validate", "pair-0", "-c", "voi_sum", "--csv")
    (first, second) = csv.DictReader(text.splitlines())
    stored = History(folder_of(call, "pair-0").path).read().validations
    assert [first["voi_sum"], second["voi_sum"]] == [str(row.scores["voi_sum"]) for row in stored]


@pytest.mark.parametrize(
    ("words", "text"),
    [(("-c", "dice"), "Nothing is best by 'dice'"), (("-i", "3"), "No checkpoint of iteration 3")],
)
def test_weights_that_are_not_there_are_told_with_those_that_are(
    call: CommandLine, words: tuple[str, ...], text: str
) -> None:
    before = tree(call.workspace.path)
    answer = call("validate", "first", *words)
    assert answer.code == 5 and text in answer.err
    assert tree(call.workspace.path) == before


def test_a_run_is_applied_to_an_image(call: CommandLine, tmp_path: Path) -> None:
    answer = call("apply", "first", call.workspace.path / "check-raw.zarr", tmp_path / "out")
    assert (answer.code, answer.out) == (0, f"wrote {tmp_path / 'out'}\n")
    assert "applied the weights of iteration 4, segmented with bias=" in answer.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".blocks",
        "prediction.zarr",
        "segmentation.zarr",
    ]


def test_an_image_that_is_not_there_is_told(call: CommandLine, tmp_path: Path) -> None:
    answer = call("apply", "first", call.workspace.path / "chek-raw.zarr", tmp_path / "out")
    assert answer.code == 3 and "chek-raw.zarr" in answer.err and not (tmp_path / "out").exists()


def test_a_trained_run_is_deleted_with_its_folder_and_only_if_confirmed(call: CommandLine) -> None:
    answer = call("delete", "run", "first")
    assert answer.code == 3 and "4 iterations of training would be deleted with it" in answer.err
    assert newest(call, "first") == 4
    assert call.done("delete", "run", "first", "-y") == "deleted run first\n"
    assert not call.workspace.run_folder("first").exists()
    assert "first" not in call.done("list", "run")


def test_a_renamed_run_keeps_what_it_learned(call: CommandLine) -> None:
    call.done("rename", "run", "first", "zuerst ü")
    assert newest(call, "zuerst ü") == 4
    assert call.done("train", "zuerst ü", "--iterations", 5) == "trained zuerst ü: 5 of 5 iterations\n"


def test_a_run_whose_record_is_damaged_says_so(call: CommandLine) -> None:
    folder_of(call, "first").record.write_text("{")
    answer = call("scores", "first")
    assert answer.code == 5 and "run.json cannot be used" in answer.err


def test_what_was_changed_since_it_was_trained_is_refused(call: CommandLine) -> None:
    store = call.workspace.store
    run = store.read(Run, "first")
    store.save(Run, "first", run.replace(repetition=3), overwrite=True)
    answer = call("train", "first")
    assert answer.code == 5 and "another run" in answer.err
