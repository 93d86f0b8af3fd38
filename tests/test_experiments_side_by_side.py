"""Runs on the processes of a cluster: side by side, and whatever is lost, none of what they learned is."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny
from cheap_workers import local_workers, start_command
from distributed import Client

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.renaming import rename_run
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Ended, Notice, RunStep, Sent, TrainStep
from napari_dacapo.experiments.training.side_by_side import SideBySide
from napari_dacapo.files import locked
from napari_dacapo.store.workspace import Workspace

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore::ResourceWarning")]
LONG = 400  # iterations that no test waits for
SECONDS = 120.0  # on a busy machine

News = list[tuple[str, RunStep]]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with local_workers(2) as client:
        yield client


def until(work: SideBySide, is_told: Callable[[str, RunStep], bool]) -> News:
    """What is told until that is."""
    news: News = []
    ends = time.monotonic() + SECONDS
    while not any(is_told(*each) for each in news):
        assert time.monotonic() < ends, news
        news += work.news()
        time.sleep(0.05)
    return news


def ended(name: str, step: RunStep) -> bool:
    return isinstance(step, Ended)


def trained(name: str, step: RunStep) -> bool:
    return isinstance(step, TrainStep) and step.iteration >= 2


def stored(folder: Path, name: str, run: Run) -> RunFolder:
    """The folder of a run that the workspace has now."""
    workspace = Workspace(folder)
    workspace.store.save(Run, name, run)
    return RunFolder(workspace.run_folder(name), folder)


def last_saved(run: Run, folder: RunFolder) -> int:
    return Checkpoints(folder.checkpoints, run.identity).list()[-1].iteration


def iterations(folder: RunFolder) -> list[int]:
    return History(folder.path).read().iterations.iteration.tolist()


def test_two_runs_train_at_once_each_on_a_worker_of_its_own(client: Client, tmp_path: Path) -> None:
    run, work, news = tiny.run(tmp_path), SideBySide(client, Workspace(tmp_path), "cpu", 1), []
    folders = [stored(tmp_path, name, run) for name in ("a", "b")]
    for name in ("a", "b"):
        work.add(name)
    while not work.is_idle:
        news += work.news()
        time.sleep(0.05)
    sent = {name: step.worker for name, step in news if isinstance(step, Sent)}
    assert set(sent.values()) == set(client.nthreads())
    assert [step for _, step in news if isinstance(step, Ended)] == [Ended(), Ended()]
    told = [step.iteration for name, step in news if name == "a" and isinstance(step, TrainStep)]
    assert told == [1, 2, 3, 4, 5, 6]
    assert [last_saved(run, folder) for folder in folders] == [6, 6]


def test_a_run_whose_worker_is_killed_goes_on_from_its_checkpoint(client: Client, tmp_path: Path) -> None:
    run = tiny.run(tmp_path, iterations=12)
    folder, work = stored(tmp_path, "run", run), SideBySide(client, Workspace(tmp_path), "cpu", 1)
    work.add("run")
    news = until(work, trained)
    (worker,) = (step.worker for _, step in news if isinstance(step, Sent))
    os.kill(client.run(os.getpid)[worker], signal.SIGKILL)
    news = until(work, ended)
    assert any(isinstance(step, Notice) and "was lost" in step.text for _, step in news)
    assert news[-1] == ("run", Ended())
    assert iterations(folder) == list(range(1, 13))
    assert last_saved(run, folder) == 12


def test_a_stopped_run_is_saved_and_one_that_waits_does_not_begin(client: Client, tmp_path: Path) -> None:
    run = tiny.run(tmp_path, iterations=LONG)
    folder, other = (stored(tmp_path, name, run) for name in ("run", "other"))
    work = SideBySide(client, Workspace(tmp_path), "cpu", 1)
    work.add("run")
    until(work, trained)
    work.add("other")
    work.stop("other")
    assert ("other", Ended(completed=False)) in list(work.news())
    work.stop_all()
    assert until(work, ended)[-1] == ("run", Ended(completed=False))
    assert work.is_idle
    assert 2 <= last_saved(run, folder) == iterations(folder)[-1] < LONG
    assert not other.path.exists()


def test_a_run_that_is_stopped_does_not_wait_for_a_worker_that_is_gone(
    client: Client, tmp_path: Path
) -> None:
    run = tiny.run(tmp_path, iterations=LONG)
    folder, work = stored(tmp_path, "run", run), SideBySide(client, Workspace(tmp_path), "cpu", 1)
    work.add("run")
    until(work, trained)
    with locked(folder.path.with_name("other"), SECONDS):  # as a machine that hangs holds what it had
        (given,) = work._sent
        given.worker, given.folder = "tcp://127.0.0.1:1", tiny.run_folder(tmp_path, "other")
        work.stop_all()
        assert ("run", Ended(completed=False)) in list(work.news())
    with locked(folder.path, SECONDS):
        assert work.is_idle


def test_workers_save_and_end_when_their_client_is_killed(client: Client, tmp_path: Path) -> None:
    run = tiny.run(tmp_path, iterations=LONG)
    folder = stored(tmp_path, "run", run)
    words = ("train", "run", "--device", "cpu", "--scheduler", client.scheduler.address)
    process = start_command(str(tmp_path / "log.txt"), "-w", str(tmp_path), *words)
    ends = time.monotonic() + SECONDS
    while not folder.path.exists() or len(iterations(folder)) < 2:
        assert time.monotonic() < ends, (tmp_path / "log.txt").read_text()
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    with locked(folder.path, SECONDS):
        assert 2 <= last_saved(run, folder) == iterations(folder)[-1] < LONG


def test_what_is_wrong_with_a_run_is_told(client: Client, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    stored(tmp_path / "elsewhere", "run", tiny.run(tmp_path))  # its data are not there
    work = SideBySide(client, Workspace(tmp_path / "elsewhere"), "cpu", 1)
    work.add("run")
    ((_, step),) = [each for each in until(work, ended) if ended(*each)]
    assert isinstance(step, Ended) and isinstance(step.failure, UserInputError)
    with pytest.raises(UserInputError, match="added already"):
        for _ in range(2):
            work.add("run")
    with pytest.raises(UserInputError, match="no Run has this name"):
        work.add("mistyped")


def test_a_run_that_is_renamed_or_deleted_while_it_waits_is_told_and_the_others_train(
    client: Client, tmp_path: Path
) -> None:
    run, workspace = tiny.run(tmp_path, iterations=1, validation_interval=1), Workspace(tmp_path)
    folders = {name: stored(tmp_path, name, run) for name in ("a", "old", "gone", "b")}
    work = SideBySide(client, workspace, "cpu", 1)
    for name in folders:
        work.add(name)
    rename_run(workspace, "old", "new")
    workspace.store.delete(Run, "gone")
    workspace.store.save(Run, "b", run.replace(iterations=2), overwrite=True)
    news: News = []
    while not work.is_idle:
        news += work.news()
        time.sleep(0.05)
    failures = {name: str(step.failure) for name, step in news if isinstance(step, Ended) and step.failure}
    assert failures.keys() == {"old", "gone"} and "no Run has this name" in failures["old"]
    trained_to = {name: iterations(folder) for name, folder in folders.items() if folder.path.exists()}
    assert trained_to == {"a": [1], "b": [1, 2]}
