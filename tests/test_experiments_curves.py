"""Curves of several equal runs: means, deviations, and the files they are drawn into."""

from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine, fill

from napari_dacapo.experiments.results.curves import loss_curve, score_curve
from napari_dacapo.experiments.results.history import History, Iterations, ValidationRow
from napari_dacapo.experiments.run import Run
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.store.workspace import Workspace


def steps(losses: list[float]) -> Iterations:
    count = len(losses)
    nothing = np.zeros(count)
    return Iterations(np.arange(1, count + 1), np.array(losses), nothing, nothing, nothing)


def test_a_loss_curve_is_the_mean_of_the_runs_and_how_far_they_are_from_it() -> None:
    curve = loss_curve("cells", [steps([1.0, 2.0, np.nan]), steps([3.0, 2.0, 5.0, 7.0])])
    np.testing.assert_array_equal(curve.iteration, [1, 2, 3, 4])
    np.testing.assert_allclose(curve.mean, [2.0, 2.0, 5.0, 7.0])
    np.testing.assert_allclose(curve.deviation, [np.sqrt(2), 0, 0, 0])


def test_a_long_training_has_200_points_each_the_mean_of_what_lies_between() -> None:
    curve = loss_curve("long", [steps([float(i) for i in range(1, 1001)])])
    assert len(curve.iteration) == 200
    np.testing.assert_allclose(curve.iteration[:2], [5, 10])
    np.testing.assert_allclose(curve.mean[:2], [3, 8])


def row(iteration: int, voi: float) -> ValidationRow:
    return ValidationRow(iteration, "all", {"bias": voi}, {"voi": voi})


def test_a_score_curve_takes_the_best_parameters_of_each_validation() -> None:
    criterion = Criterion("voi", 0.0, np.inf, higher_is_better=False)
    runs = [[row(10, 3.0), row(10, 2.0), row(20, 1.0)], [row(10, 4.0)]]
    curve = score_curve("cells", criterion, runs)
    np.testing.assert_array_equal(curve.iteration, [10, 20])
    np.testing.assert_allclose(curve.mean, [3.0, 1.0])
    np.testing.assert_allclose(curve.deviation, [np.sqrt(2), 0.0])


@pytest.fixture
def call(tmp_path: Path, capsys) -> CommandLine:
    run = fill(tmp_path)
    workspace = Workspace(tmp_path)
    name = run.task.criteria()[0].name
    for repetition in (0, 1):
        workspace.store.save(Run, f"again-{repetition}", run.replace(repetition=repetition, iterations=7))
        folder = workspace.run_folder(f"again-{repetition}")
        folder.mkdir(parents=True)
        history = History(folder)
        for iteration in (1, 2):
            history.append_iteration(iteration, 1.0 / (iteration + repetition), 0.1, 0.1, 0.0)
        scores = {criterion.name: 1.0 + repetition for criterion in run.task.criteria()}
        history.append_many([ValidationRow(2, "check", {"bias": 0.5}, scores)])
    assert name == "voi_sum"
    return CommandLine(tmp_path, capsys)


@pytest.mark.parametrize(("suffix", "begin"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".PDF", b"%PDF")])
def test_compare_draws_repetitions_as_one_curve(call, tmp_path, suffix, begin) -> None:
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    answer = call("compare", "again-0", "again-1", "--plot", tmp_path / f"curves{suffix}")
    assert (answer.code, answer.out.split("\n")[-2].split()) == (0, ["again", "2", "1.5000", "0.7071"])
    assert (tmp_path / f"curves{suffix}").read_bytes().startswith(begin)


def test_other_kinds_of_picture_are_refused(call, tmp_path) -> None:
    answer = call("compare", "again-0", "--plot", tmp_path / "curves.bmp")
    assert "no such kind of picture. Let the name end with .svg, .png, .pdf" in answer.err
