"""The watch over what tests of the window leave behind catches every sort of it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from qt_leaks import QtLeaks
from qtpy.QtCore import QObject, QThread, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_dacapo.widgets.work.worker import EngineWorker

Clean = Callable[[], Any]


@pytest.fixture
def leaks(qapp: QApplication) -> Iterator[QtLeaks]:
    watch = QtLeaks()
    yield watch
    watch.stop()


def a_worker() -> Clean:
    going_on = threading.Event()

    def work() -> Iterator[int]:
        going_on.wait(20)
        yield 1

    worker = EngineWorker(work)
    worker.start()
    return lambda: (going_on.set(), worker.wait(20))


def a_thread() -> Clean:
    going_on = threading.Event()
    thread = threading.Thread(target=going_on.wait, name="forgotten")
    thread.start()
    return lambda: (going_on.set(), thread.join())


def a_thread_of_qt() -> Clean:
    thread = QThread()
    thread.start()
    return lambda: (thread.quit(), thread.wait())


def a_timer() -> Clean:
    timer = QTimer()
    timer.start(12_345)
    return timer.stop


def a_widget() -> Clean:
    widget = QWidget()
    widget.setObjectName("forgotten")
    return widget.deleteLater


def an_error_in_a_slot() -> Clean:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: {}["missing"])
    timer.start(0)
    while timer.isActive():
        QApplication.processEvents()
    return timer.stop


def a_widget_touched_from_another_thread() -> Clean:
    parent = QObject()
    thread = threading.Thread(target=lambda: QObject(parent))
    thread.start()
    thread.join()
    return lambda: None


SEEDS: dict[Callable[[], Clean], str] = {
    a_worker: "worker: EngineWorker",
    a_thread: "thread: forgotten",
    a_thread_of_qt: "thread: QThread",
    a_timer: "timer: every 12345 ms",
    a_widget: "widget: QWidget forgotten",
    an_error_in_a_slot: "error: KeyError: 'missing'",
    a_widget_touched_from_another_thread: "complaint: QObject: Cannot create children",
}


@pytest.mark.qt_no_exception_capture
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.__name__)
def test_a_seeded_leak_is_caught(
    leaks: QtLeaks, seed: Callable[[], Clean], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qt_leaks.PATIENCE", 0.0)
    clean = seed()
    found = leaks.found()
    clean()
    assert any(line.startswith(SEEDS[seed]) for line in found), found


def test_what_a_test_ends_is_no_leak(leaks: QtLeaks) -> None:
    for seed in (a_worker, a_thread, a_thread_of_qt, a_timer, a_widget):
        seed()()
    assert leaks.found() == []
