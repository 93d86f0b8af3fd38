"""Engine work in a thread: told in batches, stopped anywhere, every error shown."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QThreadPool
from superqt.utils import create_worker

from napari_dacapo.errors import DacapoError, DeviceError, UserInputError
from napari_dacapo.widgets.work.worker import GIVES_WAY, EngineWorker, UnexpectedError

LONG = 20_000  # milliseconds; more than a busy machine takes


class Heard:
    """Everything a worker tells, in order."""

    def __init__(self, worker: EngineWorker) -> None:
        self.batches: list[list[Any]] = []
        self.events: list[str] = []
        self.failure: Exception | None = None
        self.threads: set[threading.Thread] = set()
        worker.steps.connect(self._steps)
        worker.failed.connect(self._failed)
        worker.ended.connect(lambda: self.events.append("ended"))

    @property
    def steps(self) -> list[Any]:
        return [step for batch in self.batches for step in batch]

    def _steps(self, steps: list[Any]) -> None:
        self.batches.append(steps)
        self.events.append("steps")
        self.threads.add(threading.current_thread())

    def _failed(self, error: Exception) -> None:
        self.failure = error
        self.events.append("failed")


class Gates:
    """Lets a generator go on when the test says so."""

    def __init__(self) -> None:
        self.opened = threading.Semaphore(0)
        self.log: list[str] = []
        self.closed_in = ""

    def steps(self) -> Generator[int, None, None]:
        number = 0
        try:
            while self.opened.acquire(timeout=LONG / 1000):
                number += 1
                self.log.append(f"step {number}")
                yield number
        finally:
            self.closed_in = threading.current_thread().name
            self.log.append("closed")

    def open(self, count: int = 1) -> None:
        for _ in range(count):
            self.opened.release()


def ended(qtbot: QtBot, worker: EngineWorker) -> Heard:
    heard = Heard(worker)
    with qtbot.waitSignal(worker.ended, timeout=LONG):
        worker.start()
    return heard


def count_to(number: int) -> Iterator[int]:
    yield from range(1, number + 1)


def test_every_step_is_told_in_order_and_then_the_end(qtbot: QtBot) -> None:
    worker = EngineWorker(count_to, 1000)
    heard = ended(qtbot, worker)
    assert heard.steps == list(range(1, 1001))
    assert heard.events[-1] == "ended"
    assert heard.threads == {threading.main_thread()}
    assert worker.completed


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux alone")
def test_work_gives_way_to_the_window_with_the_threads_it_begins(qtbot: QtBot) -> None:
    def work() -> Generator[int, None, None]:
        yield os.nice(0)
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(os.nice, 0).result()

    before = os.nice(0)
    assert ended(qtbot, EngineWorker(work)).steps == [min(19, before + GIVES_WAY)] * 2
    assert os.nice(0) == before


def test_a_flood_of_steps_comes_in_ten_batches_a_second_at_most(qtbot: QtBot) -> None:
    def flood() -> Iterator[int]:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            yield 1
            threading.Event().wait(0.0002)

    began = time.monotonic()
    heard = ended(qtbot, EngineWorker(flood))
    assert len(heard.steps) > 100
    assert len(heard.batches) <= 10 * (time.monotonic() - began) + 1


def test_a_step_before_a_long_one_is_told_at_once(qtbot: QtBot) -> None:
    gates = Gates()
    worker = EngineWorker(gates.steps)
    worker.start()
    for number in (1, 2, 3):
        with qtbot.waitSignal(worker.steps, timeout=LONG) as told:
            gates.open()
        assert told.args == [[number]]
    worker.stop()
    gates.open()
    qtbot.waitUntil(lambda: not worker.is_running, timeout=LONG)


def test_stopping_closes_the_generator_in_its_own_thread_after_the_step(qtbot: QtBot) -> None:
    gates = Gates()
    worker = EngineWorker(gates.steps)
    worker.start()
    with qtbot.waitSignal(worker.steps, timeout=LONG):
        gates.open()
    with qtbot.waitSignal(worker.ended, timeout=LONG):
        worker.stop()
        worker.stop()
        gates.open()
    worker.stop()
    assert gates.log == ["step 1", "step 2", "closed"]
    assert gates.closed_in == "napari-dacapo steps"
    assert not worker.completed


def test_a_paused_worker_rests_goes_on_and_can_be_stopped(qtbot: QtBot) -> None:
    gates = Gates()
    worker = EngineWorker(gates.steps)
    worker.start()
    with qtbot.waitSignal(worker.paused, timeout=LONG):
        worker.pause()
        gates.open(3)
    assert gates.log == ["step 1"]
    with qtbot.waitSignal(worker.steps, timeout=LONG):
        worker.resume()
    qtbot.waitUntil(lambda: gates.log == ["step 1", "step 2", "step 3"], timeout=LONG)
    worker.pause()
    with qtbot.waitSignal(worker.ended, timeout=LONG):
        gates.open()
        worker.stop()
    assert gates.log[-1] == "closed"


def test_going_on_right_after_a_pause_is_not_lost(qtbot: QtBot) -> None:
    worker = EngineWorker(count_to, 10)
    worker.pause()
    worker.resume()
    assert ended(qtbot, worker).steps == list(range(1, 11))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("shapes differ"), "ValueError: shapes differ"),
        (
            RuntimeError("mat1 and mat2\ncannot be multiplied."),
            "RuntimeError: mat1 and mat2 cannot be multiplied.",
        ),
        (KeyboardInterrupt(), "KeyboardInterrupt."),
        (SystemExit(3), "SystemExit: 3."),
        (UserWarning("overflow"), "UserWarning: overflow."),
        (StopIteration(), "RuntimeError: generator raised StopIteration."),
        (RuntimeError("x" * 5000), "RuntimeError: xxx"),
        (PermissionError(13, "Permission denied", "/data"), "/data: Permission denied."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_is_told_after_the_steps_before_it(qtbot: QtBot, error: BaseException, text: str) -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise error

    heard = ended(qtbot, EngineWorker(fails))
    assert heard.events == ["steps", "failed", "ended"]
    assert isinstance(heard.failure, DacapoError)
    assert text in str(heard.failure)
    assert len(str(heard.failure)) <= 300


def test_an_error_of_ours_is_told_as_it_is(qtbot: QtBot) -> None:
    error = DeviceError("The memory ran out", "Choose a smaller patch")

    def fails() -> Iterator[int]:
        yield 1
        raise error from RuntimeError("CUDA out of memory")

    assert ended(qtbot, EngineWorker(fails)).failure is error


def test_an_unexpected_error_tells_where_it_arose(qtbot: QtBot) -> None:
    def fails() -> Iterator[int]:
        yield {}["nothing"]

    failure = ended(qtbot, EngineWorker(fails)).failure
    assert isinstance(failure, UnexpectedError)
    assert "in fails" in failure.details


def test_an_error_while_closing_is_told(qtbot: QtBot) -> None:
    def cannot_save() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            raise UserInputError("path", "/full", "the disk is full")

    worker = EngineWorker(cannot_save)
    heard = Heard(worker)
    worker.start()
    qtbot.waitSignal(worker.steps, timeout=LONG).wait()
    with qtbot.waitSignal(worker.ended, timeout=LONG):
        worker.stop()
    assert "the disk is full" in str(heard.failure)


class Network:
    """Something large."""


@pytest.mark.parametrize("error", [RuntimeError("CUDA error"), DeviceError("Out of memory", "Buy more")])
def test_a_failure_keeps_nothing_large_alive(qtbot: QtBot, error: Exception) -> None:
    networks: list[weakref.ref[Network]] = []

    def fails() -> Iterator[int]:
        network = Network()
        networks.append(weakref.ref(network))
        yield 1
        try:
            raise MemoryError
        except MemoryError as cause:
            raise error from cause

    heard = ended(qtbot, EngineWorker(fails))
    gc.collect()
    assert heard.failure is not None
    assert networks[0]() is None


def test_the_work_changes_no_warning_filter_of_the_program(qtbot: QtBot) -> None:
    before = (list(warnings.filters), warnings.showwarning)
    seen: list[Any] = []

    def looks() -> Iterator[int]:
        seen.append((list(warnings.filters), warnings.showwarning))
        yield 1

    ended(qtbot, EngineWorker(looks))
    assert seen == [before]


def test_a_worker_of_another_plugin_starts_while_more_of_ours_run_than_there_are_cores(qtbot: QtBot) -> None:
    gates = [Gates() for _ in range(QThreadPool.globalInstance().maxThreadCount() + 1)]
    workers = [EngineWorker(each.steps) for each in gates]
    for worker in workers:
        worker.start()
    other = create_worker(lambda: 1)
    with qtbot.waitSignal(other.finished, timeout=500):
        other.start()
    for worker, each in zip(workers, gates, strict=True):
        worker.stop()
        each.open()
        assert worker.wait(LONG / 1000)


def test_waiting_gives_up_after_its_time_and_tells_everything_when_the_end_comes(qtbot: QtBot) -> None:
    gates = Gates()
    worker = EngineWorker(gates.steps)
    heard = Heard(worker)
    worker.start()
    worker.stop()
    assert not worker.wait(0.05)
    gates.open()
    assert worker.wait(LONG / 1000)
    assert heard.events in (["ended"], ["steps", "ended"])


def test_a_program_that_ends_closes_the_work_and_ends(tmp_path: Path) -> None:
    program = f"""
        import itertools, pathlib
        from qtpy.QtCore import QCoreApplication
        from napari_dacapo.widgets.work.worker import EngineWorker

        def work():
            try:
                yield from itertools.count()
            finally:
                pathlib.Path({str(tmp_path / "closed")!r}).touch()

        application = QCoreApplication([])
        EngineWorker(work).start()
        paused = EngineWorker(work)
        paused.pause()
        paused.start()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=50, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "closed").exists()
