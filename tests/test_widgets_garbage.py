"""While work goes on beside the window, its thread alone collects garbage, a little at a time."""

import gc
import sys
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.work import garbage
from napari_dacapo.widgets.work.background import Background
from napari_dacapo.widgets.work.garbage import GarbageCollection
from napari_dacapo.widgets.work.worker import EngineWorker

LONG = 20_000  # milliseconds; more than a busy machine takes


class Knot:
    """Only a look for garbage lets it go; it notes in which thread that happens."""

    def __init__(self, collectors: set[threading.Thread]) -> None:
        self.itself = self
        self.collectors = collectors

    def __del__(self) -> None:
        self.collectors.add(threading.current_thread())


@pytest.fixture
def going_on() -> Iterator[threading.Event]:
    """Set, it lets the thread at work end."""
    found = threading.Event()
    yield found
    found.set()


@pytest.fixture
def thread(going_on: threading.Event) -> threading.Thread:
    return threading.Thread(target=going_on.wait, args=(LONG / 1000,))


@pytest.fixture
def taking_turns() -> Iterator[None]:
    """Threads do so a thousand times more often."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def collection(
    qtbot: QtBot, thread: threading.Thread, going_on: threading.Event
) -> Iterator[GarbageCollection]:
    """Beside a thread at work; it looks when the test says so."""
    parent = QObject()
    found = GarbageCollection(parent)
    found.begin(thread)
    thread.start()
    yield found
    going_on.set()
    thread.join()
    found.look()


def test_what_a_worker_leaves_is_collected_by_the_window_while_it_works(qtbot: QtBot) -> None:
    collectors: set[threading.Thread] = set()

    def litter() -> Generator[bool, None, None]:
        until = time.monotonic() + LONG / 1000
        while not collectors and time.monotonic() < until:
            for _ in range(1000):
                Knot(collectors)
            yield gc.isenabled()

    worker = EngineWorker(litter)
    with qtbot.waitSignal(worker.ended, timeout=LONG), qtbot.waitSignal(worker.steps, timeout=LONG) as told:
        worker.start()
    assert collectors == {threading.main_thread()}
    assert not any(told.args[0])
    assert gc.isenabled()


def test_python_collects_again_when_the_last_thread_has_ended(collection: GarbageCollection) -> None:
    other = threading.Thread(target=bool)
    collection.begin(other)
    other.start()
    other.join()
    collection.look()
    assert not gc.isenabled()


def test_nothing_else_collects_as_long_as_there_is_a_page(qtbot: QtBot) -> None:
    page = QWidget()
    Background(page)
    assert not gc.isenabled()
    page.deleteLater()
    qtbot.waitUntil(gc.isenabled, timeout=LONG)


def test_tuples_that_a_thread_is_making_stay_whole(collection: GarbageCollection, taking_turns: None) -> None:
    """Whoever holds one meanwhile makes Python refuse to end it, with a SystemError."""
    looked = threading.Event()
    failures: list[SystemError] = []

    def make() -> None:
        while not looked.is_set() and not failures:
            try:
                tuple([number] for number in range(2000))
            except SystemError as error:
                failures.append(error)

    maker = threading.Thread(target=make)
    maker.start()
    for _ in range(10_000):
        collection.look()
    looked.set()
    maker.join()
    assert not failures


def test_what_outlives_two_looks_is_left_alone_until_memory_runs_short(
    collection: GarbageCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"memory": 0.5}
    monkeypatch.setattr(garbage, "_free_memory", lambda: free["memory"])
    monkeypatch.setattr(garbage, "OLDER", 1000)
    collectors: set[threading.Thread] = set()
    kept: list[Any] = [Knot(collectors)]
    for short, is_gone in ((0.5, False), (0.5, False), (0.1, True)):
        free["memory"] = short
        kept.append([[] for _ in range(2000)])
        collection.look()
        kept[0] = None  # it outlived the first look
        assert bool(collectors) == is_gone
