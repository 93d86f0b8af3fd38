"""The queue: one run after another, stopped anywhere, resumable, every failure shown."""

import math
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from checkpoint_states import state
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QObject
from superqt.utils import WorkerBase, create_worker

from napari_dacapo.errors import CheckpointError, DeviceError, UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice, Predicted, Saved, Step, TrainStep, Validation
from napari_dacapo.experiments.training import train as training
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.training.pace import Pace
from napari_dacapo.widgets.training.queued_run import QueuedRun
from napari_dacapo.widgets.training.queued_work import Begun, Scored, Unfinished
from napari_dacapo.widgets.training.training_queue import TrainingQueue

LONG = 60_000  # milliseconds; more than a busy machine takes


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder with data, and a run that trains on them."""
    folder = tmp_path_factory.mktemp("template")
    return folder, tiny.run(folder, validation_interval=3)


@pytest.fixture
def workspace(tmp_path: Path, template: tuple[Path, Run]) -> Workspace:
    """Runs a, b and c of six iterations each."""
    shutil.copytree(template[0], tmp_path / "space")
    found = Workspace(tmp_path / "space")
    for repetition, name in enumerate("abc"):
        found.store.save(Run, name, template[1].replace(repetition=repetition))
    return found


@pytest.fixture
def queue(qtbot: QtBot, workspace: Workspace) -> Iterator[TrainingQueue]:
    found = TrainingQueue(workspace, "cpu", threads=1)
    yield found
    assert found.shutdown(LONG / 1000) == ""


class FakeTraining:
    """In place of `train`: each run goes as far as the test lets it."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.trained: list[tuple[str, int]] = []
        self.closed: list[str] = []
        self.fail: dict[str, Exception] = {}
        self.extra: list[Step] = []

    def train(self, run: Run, folder: RunFolder, device: str, threads: int, kept: int) -> Iterator[Step]:
        name = "abc"[run.repetition]
        folder.path.mkdir(parents=True)
        folder.record.write_text("{}")
        try:
            if name in self.fail:
                raise self.fail[name]
            yield from self.extra
            for iteration in range(1, run.iterations + 1):
                if not self.allowed.acquire(timeout=LONG / 1000):
                    raise TimeoutError
                self.trained.append((name, iteration))
                yield TrainStep(iteration, run.iterations, 1 / iteration, 0.001, 0.25, 0.0, "cpu", 2**30)
        finally:
            self.closed.append(name)

    def allow(self, count: int) -> None:
        for _ in range(count):
            self.allowed.release()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTraining]:
    found = FakeTraining()
    monkeypatch.setattr(training, "train", found.train)
    yield found
    found.allow(1000)


def states(queue: TrainingQueue) -> dict[str, str]:
    return {run.name: run.state for run in queue.runs}


def sentence(queue: TrainingQueue, name: str) -> str:
    return the(queue, name).sentence


def the(queue: TrainingQueue, name: str) -> QueuedRun:
    found = queue.run(name)
    assert found is not None
    return found


def wait(qtbot: QtBot, queue: TrainingQueue, name: str, *wanted: str) -> QueuedRun:
    qtbot.waitUntil(lambda: states(queue).get(name) in wanted, timeout=LONG)
    return the(queue, name)


def test_runs_train_in_order_one_at_a_time(qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining) -> None:
    for name in "abc":
        queue.add(name)
    assert states(queue) == {"a": "running", "b": "waiting", "c": "waiting"}
    fake.allow(18)
    wait(qtbot, queue, "c", "finished")
    assert fake.trained == [(name, iteration) for name in "abc" for iteration in range(1, 7)]
    assert sentence(queue, "a") == "All 6 iterations are done."


def test_the_next_run_begins_after_a_failure(qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining) -> None:
    fake.fail["a"] = CheckpointError("Every checkpoint is damaged. Train anew.")
    fake.allow(6)
    for name in ("a", "no such run", "b"):
        queue.add(name)
    wait(qtbot, queue, "b", "finished")
    assert sentence(queue, "a") == "Every checkpoint is damaged. Train anew."
    assert "Choose one of: a, b, c" in sentence(queue, "no such run")
    assert states(queue) == {"a": "failed", "no such run": "failed", "b": "finished"}


def test_no_run_begins_on_a_device_that_needs_a_restart(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    fake.fail["a"] = DeviceError("The GPU failed", "Restart this program", restart_needed=True)
    queue.add("a")
    queue.add("b")
    wait(qtbot, queue, "a", "failed")
    assert states(queue)["b"] == "waiting"


def test_a_run_is_in_the_queue_once_and_can_be_added_again_when_it_ended(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    for name in ("a", "A", "b", "b"):
        queue.add(name)
    assert [run.name for run in queue.runs] == ["a", "b"]
    queue.stop()
    fake.allow(1)
    wait(qtbot, queue, "a", "stopped")
    queue.add("a")
    assert [(run.name, run.state) for run in queue.runs] == [("b", "running"), ("a", "waiting")]


@pytest.mark.parametrize(
    ("act", "order"),
    [
        (lambda queue: queue.move_up("C"), "acb"),
        (lambda queue: queue.move_down("b"), "acb"),
        (lambda queue: queue.move_up("b"), "abc"),
        (lambda queue: queue.move_down("c"), "abc"),
        (lambda queue: queue.move_down("a"), "abc"),
        (lambda queue: queue.remove("b"), "ac"),
        (lambda queue: queue.remove("nothing"), "abc"),
    ],
)
def test_waiting_runs_are_moved_and_removed(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining, act: Callable[[TrainingQueue], None], order: str
) -> None:
    for name in "abc":
        queue.add(name)
    act(queue)
    fake.allow(18)
    assert "".join(run.name for run in queue.runs) == order
    wait(qtbot, queue, order[-1], "finished")
    assert list(dict.fromkeys(name for name, _ in fake.trained)) == list(order)


def test_the_run_that_trains_is_not_removed(queue: TrainingQueue, fake: FakeTraining) -> None:
    queue.add("a")
    with pytest.raises(UserInputError, match="Stop it first"):
        queue.remove("a")


def test_a_paused_run_rests_and_goes_on(qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining) -> None:
    queue.add("a")
    fake.allow(2)
    qtbot.waitUntil(lambda: the(queue, "a").done == 2, timeout=LONG)
    queue.pause()
    fake.allow(4)
    qtbot.waitUntil(lambda: the(queue, "a").done == 3, timeout=LONG)  # the step it was in
    assert the(queue, "a").state == "paused"
    assert sentence(queue, "a").startswith("Paused.")
    assert fake.trained[-1] == ("a", 3)
    queue.resume()
    assert wait(qtbot, queue, "a", "finished").done == 6


def test_a_paused_run_can_be_stopped_twice(qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining) -> None:
    queue.add("a")
    fake.allow(1)
    qtbot.waitUntil(lambda: the(queue, "a").done == 1, timeout=LONG)
    queue.pause()
    fake.allow(1)
    queue.stop()
    queue.stop()
    wait(qtbot, queue, "a", "stopped")
    queue.stop()
    assert fake.closed == ["a"]


def test_a_run_stopped_before_it_began_says_so(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, real = threading.Event(), Checkpoints.list
    monkeypatch.setattr(Checkpoints, "list", lambda self: stopped.wait(LONG / 1000) and real(self))
    queue.add("a")
    queue.stop()
    stopped.set()
    wait(qtbot, queue, "a", "stopped")
    assert sentence(queue, "a") == "Stopped before its first iteration."
    assert fake.trained == []


def test_nothing_is_paused_or_stopped_where_nothing_trains(queue: TrainingQueue) -> None:
    for act in (queue.pause, queue.resume, queue.stop, queue.cancel):
        act()
    assert queue.active is None


def test_a_cancelled_run_loses_its_folder_only(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining, workspace: Workspace
) -> None:
    for name in "ab":
        queue.add(name)
    fake.allow(2)
    qtbot.waitUntil(lambda: len(fake.trained) == 2, timeout=LONG)
    queue.cancel()
    fake.allow(7)
    wait(qtbot, queue, "b", "finished")
    assert sentence(queue, "a") == "Cancelled; what it trained is deleted."
    assert not workspace.run_folder("a").exists()
    assert workspace.run_folder("b").exists()
    assert workspace.store.names(Run) == ("a", "b", "c")


def test_a_run_tells_how_far_how_good_and_how_fast_it_is(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    criterion = tiny.TASK.criteria()[0].name
    scored = [
        Validation(3, "check", {"bias": bias}, {criterion: score}, 1, 2)
        for bias, score in ((0.2, 5.0), (0.5, 4.0))
    ]
    fake.extra = [Notice("Going on."), *scored, Saved(3, Path(), (criterion,))]
    queue.add("a")
    fake.allow(2)
    qtbot.waitUntil(lambda: the(queue, "a").done == 2, timeout=LONG)
    run = the(queue, "a")
    assert (run.of, run.notice, run.sentence) == (6, "Going on.", "Trains, iteration 2 of 6.")
    assert run.last is not None
    assert run.last.loss == 0.5
    assert run.best == Scored(3, criterion, 4.0, True)
    assert run.pace.iterations_per_second == pytest.approx(4.0)
    assert run.seconds_left >= 0
    fake.allow(4)
    wait(qtbot, queue, "a", "finished")


def steps_of(*seconds: float) -> list[TrainStep]:
    numbered = enumerate(seconds, 1)
    return [TrainStep(number, 100, 1.0, 0.001, each, 0.0, "cpu", 2**30) for number, each in numbered]


def test_the_time_left_counts_what_lies_between_the_iterations() -> None:
    pace = Pace().after(steps_of(1.0), now=10.0)
    assert pace.seconds_left(5) == 5.0  # of the first iteration nothing else is known
    pace = pace.after(steps_of(1.0), now=11.0).after([], now=15.0).after(steps_of(1.0), now=16.0)
    assert pace.iterations_per_second == 1.0
    assert pace.seconds_left(5) == 15.0  # two iterations took six seconds, with a validation between
    paused = pace.rested().after(steps_of(1.0), now=1000.0)
    assert paused.seconds_left(5) == 15.0


def test_nothing_is_known_of_the_time_left_before_the_first_iteration() -> None:
    assert math.isnan(Pace().seconds_left(5))
    assert math.isnan(Pace().iterations_per_second)


def test_a_terminate_signal_is_answered_only_while_a_run_trains(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    queue.add("a")
    assert callable(signal.getsignal(signal.SIGTERM))
    fake.allow(6)
    wait(qtbot, queue, "a", "finished")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_every_step_reaches_who_draws_them(qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining) -> None:
    drawn: list[Any] = []
    queue.steps.connect(lambda name, steps: drawn.extend(steps))
    fake.allow(6)
    queue.add("a")
    wait(qtbot, queue, "a", "finished")
    assert isinstance(drawn[0], Begun)
    assert [step.iteration for step in drawn[1:]] == [1, 2, 3, 4, 5, 6]


def test_a_run_that_goes_on_brings_what_was_measured(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining, workspace: Workspace
) -> None:
    trained(workspace, "a", 3, scores={1: 7.0, 2: 5.0, 3: 6.0})
    fake.fail["a"] = DeviceError("The memory ran out", "Choose a smaller patch")
    drawn: list[Any] = []
    queue.steps.connect(lambda name, steps: drawn.extend(steps))
    queue.add("a")
    run = wait(qtbot, queue, "a", "failed")
    (begun,) = drawn
    assert begun.iterations.tolist() == [1, 2, 3]
    assert begun.losses.tolist() == [1.0, 0.5, 0.25]
    assert [(s.iteration, s.score, s.is_best) for s in begun.scored] == [
        (1, 7.0, True),
        (2, 5.0, True),
        (3, 6.0, False),
    ]
    assert (run.done, run.of) == (3, 6)
    assert run.best == begun.scored[1]


def trained(workspace: Workspace, name: str, iterations: int, scores: dict[int, float]) -> None:
    """A run's folder as a training leaves it; one more iteration was lost in a crash."""
    run = workspace.store.read(Run, name)
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    Checkpoints(folder.checkpoints, run.identity).save(state(iterations))
    history, criterion = History(folder.path), run.task.criteria()[0].name
    for iteration in range(1, iterations + 2):
        history.append_iteration(iteration, 0.5 ** (iteration - 1), 0.001, 1.0, 0.0)
    history.append_many(ValidationRow(i, "check", {}, {criterion: score}) for i, score in scores.items())


def test_runs_that_could_go_on_are_found_on_the_disk(qtbot: QtBot, workspace: Workspace) -> None:
    trained(workspace, "a", 3, {})
    trained(workspace, "b", 6, {})
    patient = workspace.store.read(Run, "c").replace(patience=2)
    workspace.store.save(Run, "c", patient, overwrite=True)
    trained(workspace, "c", 3, {1: 1.0, 2: 2.0, 3: 3.0})
    queue = TrainingQueue(workspace)
    with qtbot.waitSignal(queue.unfinished_found, timeout=LONG):
        pass
    assert queue.unfinished == (Unfinished("a", 3, 6),)
    assert queue.shutdown() == ""


def test_shutting_down_ends_the_run_and_begins_no_other(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    queue.add("a")
    queue.add("b")
    fake.allow(2)
    qtbot.waitUntil(lambda: the(queue, "a").done == 2, timeout=LONG)
    assert queue.shutdown(0.01).startswith("A step of a takes long.")
    fake.allow(1)
    assert queue.shutdown(LONG / 1000) == ""
    assert states(queue) == {"a": "stopped", "b": "waiting"}
    assert sentence(queue, "a") == "Stopped after iteration 3 and saved. Resume it on page 5 to go on."


def test_a_queue_that_is_deleted_stops_its_run(
    qtbot: QtBot, workspace: Workspace, fake: FakeTraining
) -> None:
    window = QObject()
    queue = TrainingQueue(workspace, "cpu", threads=1, parent=window)
    queue.add("a")
    qtbot.waitUntil(lambda: the(queue, "a").of == 6, timeout=LONG)
    with qtbot.waitSignal(window.destroyed, timeout=LONG):
        window.deleteLater()
    fake.allow(1)
    qtbot.waitUntil(lambda: fake.closed == ["a"], timeout=LONG)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_workers_stopped_by_napari_begin_no_other_run(
    qtbot: QtBot, queue: TrainingQueue, fake: FakeTraining
) -> None:
    queue.add("a")
    queue.add("b")
    WorkerBase.await_workers(1000)
    fake.allow(1)
    wait(qtbot, queue, "a", "stopped")
    assert states(queue)["b"] == "waiting"


def test_a_run_that_another_process_trains_is_refused_in_words(
    qtbot: QtBot, queue: TrainingQueue, workspace: Workspace
) -> None:
    folder = workspace.run_folder("a")
    program = f"""
        import pathlib
        from napari_dacapo.experiments.run_folder import RunFolder
        with RunFolder(pathlib.Path({str(folder)!r}), pathlib.Path({str(workspace.path)!r})).alone():
            print("held", flush=True)
            input()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        queue.add("a")
        run = wait(qtbot, queue, "a", "failed")
        other.communicate("\n")
    assert f"in use by process {other.pid}" in run.sentence


ERRORS = {
    "ValueError": ValueError("wrong shape"),
    "RuntimeError": RuntimeError("mat1 and mat2 differ"),
    "OutOfMemoryError": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "SystemExit": SystemExit(1),
    "UserWarning": UserWarning("overflow"),
}


class Faults:
    """Raises each run's error once, in one phase of its training."""

    def __init__(self) -> None:
        self.raised: dict[str, float] = {}

    def raise_for(self, folder: RunFolder) -> None:
        for name, error in ERRORS.items():
            if folder.path.name.startswith(f"{name.lower()}-") and name not in self.raised:
                self.raised[name] = time.monotonic()
                raise error

    def in_setup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Session.begin

        def begin(run: Run, folder: RunFolder, *rest: Any) -> Session:
            self.raise_for(folder)
            return real(run, folder, *rest)

        monkeypatch.setattr(Session, "begin", begin)

    def in_training(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._before(monkeypatch, "gradients")

    def in_saving(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._before(monkeypatch, "save")

    def in_validation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = training.validate_session

        def validate_session(session: Session) -> Iterator[Step]:
            with closing(real(session)) as steps:
                yield next(steps)
                self.raise_for(session.folder)
                yield from steps

        monkeypatch.setattr(training, "validate_session", validate_session)

    def _before(self, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
        real = getattr(Session, verb)

        def act(session: Session, *rest: Any) -> Any:
            self.raise_for(session.folder)
            return real(session, *rest)

        monkeypatch.setattr(Session, verb, act)


@pytest.mark.parametrize(
    "phase", [Faults.in_setup, Faults.in_training, Faults.in_validation, Faults.in_saving]
)
def test_every_error_in_every_phase_is_shown_within_a_second_and_the_next_run_works(
    qtbot: QtBot,
    queue: TrainingQueue,
    workspace: Workspace,
    template: tuple[Path, Run],
    monkeypatch: pytest.MonkeyPatch,
    phase: Callable[[Faults, pytest.MonkeyPatch], None],
) -> None:
    faults, shown = Faults(), dict[str, float]()
    phase(faults, monkeypatch)

    def note(name: str) -> None:
        if the(queue, name).state == "failed":
            shown.setdefault(name, time.monotonic())

    queue.changed.connect(note)
    short = template[1].replace(iterations=1)
    for name in (*ERRORS, "works"):
        workspace.store.save(Run, name, short)
        queue.add(name)
    wait(qtbot, queue, "works", "finished", "failed")
    assert states(queue) == dict.fromkeys(ERRORS, "failed") | {"works": "finished"}
    assert all(shown[name] - faults.raised[name] < 1 for name in ERRORS)
    texts = {name: sentence(queue, name) for name in ERRORS}
    assert all(name in text or "memory of cpu ran out" in text for name, text in texts.items()), texts


class Halt:
    """Holds the real training before it begins, or after its first step of a kind, until the test acted."""

    def __init__(self, kind: type[Any] | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        real = training.train

        def train(*arguments: Any) -> Iterator[Step]:
            if kind is None:
                self._hold()
            with closing(real(*arguments)) as steps:
                for step in steps:
                    if kind is not None and isinstance(step, kind):
                        self._hold()
                    yield step

        monkeypatch.setattr(training, "train", train)

    def _hold(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            self.go_on.wait(LONG / 1000)


def measured(workspace: Workspace, name: str) -> tuple[list[int], set[int]]:
    """The iterations, and those that were validated."""
    record = History(workspace.run_folder(name)).read()
    return record.iterations.iteration.tolist(), {row.iteration for row in record.validations}


@pytest.mark.parametrize(
    ("kind", "iteration"), [(None, 1), (TrainStep, 1), (Saved, 2), (Predicted, 3), (Validation, 3)]
)
def test_a_run_stopped_in_any_phase_is_saved_and_goes_on_to_the_same_end(
    qtbot: QtBot,
    queue: TrainingQueue,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Any] | None,
    iteration: int,
) -> None:
    halt = Halt(kind, monkeypatch)
    queue.add("a")
    qtbot.waitUntil(halt.reached.is_set, timeout=LONG)
    queue.stop()
    halt.go_on.set()
    assert wait(qtbot, queue, "a", "stopped").done == iteration
    run = workspace.store.read(Run, "a")
    saved = Checkpoints(workspace.run_folder("a") / "checkpoints", run.identity).list()
    assert saved[-1].iteration == iteration
    queue.add("a")
    wait(qtbot, queue, "a", "finished")
    assert measured(workspace, "a") == ([1, 2, 3, 4, 5, 6], {3, 6})


def test_a_worker_of_another_plugin_starts_within_half_a_second_while_a_run_trains(
    qtbot: QtBot, queue: TrainingQueue, workspace: Workspace
) -> None:
    endless = workspace.store.read(Run, "a").replace(iterations=1_000_000, validation_interval=1_000_000)
    workspace.store.save(Run, "a", endless, overwrite=True)
    queue.add("a")
    qtbot.waitUntil(lambda: the(queue, "a").done > 0, timeout=LONG)
    other = create_worker(lambda: 1)
    with qtbot.waitSignal(other.started, timeout=500):
        other.start()
    qtbot.waitUntil(lambda: not other.is_running, timeout=LONG)


def test_a_terminated_program_saves_its_run_and_ends_well(workspace: Workspace) -> None:
    endless = workspace.store.read(Run, "a").replace(iterations=1_000_000, validation_interval=1_000_000)
    workspace.store.save(Run, "a", endless, overwrite=True)
    program = f"""
        import pathlib
        from qtpy.QtCore import QCoreApplication
        from napari_dacapo.store.workspace import Workspace
        from napari_dacapo.widgets.training.training_queue import TrainingQueue

        application = QCoreApplication([])
        queue = TrainingQueue(Workspace(pathlib.Path({str(workspace.path)!r})), "cpu", threads=1)
        queue.changed.connect(lambda name: print(queue.run(name).done, flush=True))
        queue.add("a")
        application.exec()
        print(queue.run("a").state)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trains:
        assert trains.stdout is not None
        assert any(int(line) > 0 for line in trains.stdout)
        trains.send_signal(signal.SIGTERM)
        said = trains.stdout.read().split()
    assert trains.returncode == 0
    assert said[-1] == "stopped"
    saved = Checkpoints(workspace.run_folder("a") / "checkpoints", endless.identity).list()
    assert saved[-1].iteration == measured(workspace, "a")[0][-1]
