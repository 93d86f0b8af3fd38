"""Where work is done, on the command line: defined, listed, previewed, and runs that train there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cheap_workers import workers_of_this_process
from command_line import CommandLine, fill

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.errors import DiskFullError
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice, Step
from napari_dacapo.experiments.training import side_by_side


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path / "ws", capsys)


def test_a_cluster_is_created_listed_shown_and_its_job_script_printed(call: CommandLine) -> None:
    call.workspace.path.mkdir()
    call.done("create", "cluster", "institute", "-k", "Slurm", "-s", "queue=gpu", "-s", "gpus=1")
    call.done("create", "cluster", "two", "-k", "LocalWorkers")
    assert call.done("list", "clusters").splitlines()[1:] == [
        "cluster  institute  Slurm",
        "cluster  two        LocalWorkers",
    ]
    assert '"queue": "gpu"' in call.done("show", "cluster", "institute")
    assert "#SBATCH --gres=gpu:1" in call.done("job-script", "institute")
    answer = call("job-script", "two")
    assert answer.code == 3 and "LocalWorkers submits no jobs" in answer.err


def test_one_way_to_choose_where_is_given_and_one_that_exists(call: CommandLine) -> None:
    fill(call.workspace.path)
    assert call("train", "first", "--on", "two", "--workers", "2").code == 2
    answer = call("train", "first", "--on", "two")
    assert answer.code == 3 and "two" in answer.err


def three_iterations(run: Run, folder: RunFolder, *_: object) -> Iterator[Step]:
    """In place of `train`: it measures without computing, and fails for the last repetition."""
    if run.repetition == 2:
        raise DiskFullError(folder.path, 2, 1)
    folder.save_run(run)
    for iteration in (1, 2, 3):
        History(folder.path).append_iteration(iteration, 0.5, 1e-3, 0.1, 0.0)
        yield Notice("measured")


@pytest.mark.enable_socket
def test_runs_train_on_a_cluster_and_the_first_failure_is_the_exit_code(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fill(call.workspace.path, iterations=3)
    for repetition, name in ((1, "second"), (2, "large")):
        call.workspace.store.save(Run, name, run.replace(repetition=repetition))
    monkeypatch.setattr(side_by_side, "train", three_iterations)
    with workers_of_this_process(2) as cluster:
        call.workspace.store.save(Cluster, "threads", cluster)
        answer = call("train", "first", "large", "second", "--on", "threads")
    assert answer.code == 6
    assert "1 of 3 runs failed: large" in answer.err
    for name in ("first", "second"):
        assert f"{name}: iteration 1 of 3, loss 0.5000" in answer.err
        assert f"{name}: trained" in answer.err
