"""What a test of the window leaves behind: workers, threads, timers, widgets, errors, complaints of Qt."""

from __future__ import annotations

import gc
import re
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from qtpy.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    QThread,
    QThreadPool,
    QTimer,
    qInstallMessageHandler,
)
from qtpy.QtWidgets import QApplication
from superqt.utils import WorkerBase

from napari_dacapo.widgets.work.garbage import garbage_collection

PATIENCE = 2.0  # seconds in which what is about to end may do so
KEPT_BY_LIBRARIES = re.compile("zarr|asyncio|ThreadPoolExecutor|pytest_timeout|Dummy")
COMPLAINTS = re.compile("thread|timer|painter", re.IGNORECASE)
KNOWN = "known_to_qt_leaks"  # a property of what was found before


class QtLeaks:
    """Watches from when it is made; `found` tells what has come since and is still there, once."""

    _looked_before = False

    def __init__(self) -> None:
        self._said: list[str] = []
        self._before = {*WorkerBase._worker_set, *threading.enumerate()}
        if not QtLeaks._looked_before:  # later what each look found is known: one takes 0.1 s
            _forget(_qt_things())
            _forget(iter(garbage_collection().findChildren(QTimer)))  # it ticks while there is a page
            QtLeaks._looked_before = True
        self._excepthook, sys.excepthook = sys.excepthook, self._exception
        self._handler = qInstallMessageHandler(self._message)

    def found(self) -> list[str]:
        """A line each; what is about to end has a moment to do so."""
        until = time.monotonic() + PATIENCE
        while (left := list(self._left())) and time.monotonic() < until:
            gc.collect()
            QCoreApplication.processEvents()
        garbage_collection().look()  # where that was the last page, Python collects again
        _forget(thing for thing in left if isinstance(thing, QObject))
        return [*map(_described, left), *self._said]

    def stop(self) -> None:
        sys.excepthook = self._excepthook
        qInstallMessageHandler(self._handler)

    def _left(self) -> Iterator[Any]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        yield from WorkerBase._worker_set - self._before
        if QThreadPool.globalInstance().activeThreadCount():
            yield QThreadPool.globalInstance()
        new = set(threading.enumerate()) - self._before
        yield from (thread for thread in new if not KEPT_BY_LIBRARIES.search(thread.name))
        yield from (thing for thing in _qt_things() if not thing.property(KNOWN))

    def _exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._said.append(f"error: {kind.__name__}: {error}")
        self._excepthook(kind, error, trace)

    def _message(self, kind: Any, context: Any, text: str) -> None:
        if COMPLAINTS.search(text):
            self._said.append(f"complaint: {text}")
        if self._handler is not None:
            self._handler(kind, context, text)


def _qt_things() -> Iterator[QObject]:
    """Windows, timers that tick and threads that run."""
    yield from QApplication.topLevelWidgets()
    kinds = {*_kinds_of(QTimer), *_kinds_of(QThread)}
    yield from filter(_is_at_work, [thing for thing in gc.get_objects() if type(thing) in kinds])


def _kinds_of(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds_of(child)


def _is_at_work(thing: QTimer | QThread) -> bool:
    try:
        return thing.isActive() if isinstance(thing, QTimer) else thing.isRunning()
    except RuntimeError:  # Qt deleted it, Python still knows it
        return False


def _forget(things: Iterator[QObject]) -> None:
    for thing in list(things):
        thing.setProperty(KNOWN, True)


def _described(thing: Any) -> str:
    match thing:
        case WorkerBase() | QThreadPool():
            return f"worker: {type(thing).__name__}"
        case threading.Thread():
            return f"thread: {thing.name}"
        case QTimer():
            return f"timer: every {thing.interval()} ms, of {type(thing.parent()).__name__}"
        case QThread():
            return f"thread: {type(thing).__name__}"
    return f"widget: {type(thing).__name__} {thing.objectName()}"
