"""Stopping the command line: nothing that is done is lost, and it goes on from there."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest
from cli_process import Forker, await_phase, let_go
from command_line import fill

from napari_dacapo.cli.stopping import stoppable
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    forker = Forker()
    yield forker
    forker.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run "first": 8 iterations, a checkpoint every 2, validated at 4 and 8."""
    folder = tmp_path_factory.mktemp("stopping") / "ws"
    fill(folder, iterations=8, validation_interval=4)
    return folder


@pytest.fixture
def workspace(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "ws")
    return tmp_path / "ws"


def iterations(workspace: Path) -> tuple[int, int]:
    """Of the newest checkpoint, and of the last line of the history."""
    folder = Workspace(workspace).run_folder("first")
    entries = Checkpoints(folder / "checkpoints", "").list()
    measured = History(folder).read().iterations.iteration
    return entries[-1].iteration if entries else 0, int(measured[-1]) if len(measured) else 0


STOPS = [
    # phase, which time, signals, exit code, what is said, iterations that are saved
    ("starting", 1, (signal.SIGTERM,), 143, "", 0),
    ("training", 3, (signal.SIGINT, signal.SIGINT, signal.SIGINT), 130, "stopped and saved", 3),
    ("saving", 1, (signal.SIGINT, signal.SIGTERM), 130, "stopped and saved", 2),
    ("validation", 1, (signal.SIGTERM, signal.SIGINT), 143, "stopped and saved", 4),
]


@pytest.mark.parametrize(
    ("phase", "time", "signals", "code", "text", "saved"), STOPS, ids=[s[0] for s in STOPS]
)
def test_signals_stop_and_save_and_training_goes_on_from_there(
    forker: Forker,
    workspace: Path,
    tmp_path: Path,
    phase: str,
    time: int,
    signals: tuple[int, ...],
    code: int,
    text: str,
    saved: int,
) -> None:
    log = tmp_path / "log"
    process = forker.start(log, "-w", workspace, "train", "first", "--device", "cpu", phase=phase, time=time)
    await_phase(log, phase)
    for number in signals:
        os.kill(process, number)
        sleep(0.05)
    let_go(log)
    assert forker.wait(process) == code
    assert text in log.read_text() and "Traceback" not in log.read_text()
    assert iterations(workspace) == (saved, saved)
    folder = RunFolder(Workspace(workspace).run_folder("first"), workspace)
    steps = list(train(Workspace(workspace).store.read(Run, "first"), folder, "cpu"))
    assert [step.iteration for step in steps if isinstance(step, TrainStep)] == list(range(saved + 1, 9))
    assert {step.iteration for step in steps if isinstance(step, Validation)} == {4, 8}


def test_a_run_in_use_is_refused_and_free_again_when_its_holder_dies(
    forker: Forker, workspace: Path, tmp_path: Path
) -> None:
    holder = forker.start(tmp_path / "log", "-w", workspace, "train", "first", phase="training")
    await_phase(tmp_path / "log", "training")
    commands = [("train", "first"), ("delete", "run", "first", "--yes"), ("rename", "run", "first", "b")]
    logs = [tmp_path / command[0] for command in commands]
    others = [forker.start(log, "-w", workspace, *words) for log, words in zip(logs, commands, strict=True)]
    assert [forker.wait(other) for other in others] == [4, 4, 4]
    for log in logs:
        assert f"has been in use by process {holder} on " in log.read_text()
    os.kill(holder, signal.SIGKILL)
    assert forker.wait(holder) == -signal.SIGKILL
    with RunFolder(Workspace(workspace).run_folder("first"), workspace).alone():
        pass


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """As in a shell, however these tests were started."""
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("usual_signals")
def test_a_signal_before_the_work_has_begun_ends_at_once() -> None:
    with pytest.raises(SystemExit) as ended, stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
    assert ended.value.code == 143


@pytest.mark.usefixtures("usual_signals")
def test_signals_during_the_work_are_noted_and_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with stoppable() as stop:
        stop.begun = True
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
    assert stop.signal == signal.SIGHUP
    assert capfd.readouterr().err.strip() == "stopping after this step"
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.usefixtures("usual_signals")
def test_signals_that_are_ignored_stay_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    with stoppable():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
