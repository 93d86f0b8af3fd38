"""Runs an engine's generator in a thread of its own and tells the window what it yields."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

from qtpy.QtCore import QTimer, Signal
from superqt.utils import GeneratorWorker
from superqt.utils._qthreading import GeneratorWorkerSignals

from napari_dacapo.errors import DacapoError
from napari_dacapo.widgets.work.garbage import garbage_collection

TOLD_EVERY = 100  # milliseconds from one batch of steps to the next
LOOKS_EVERY = 0.1  # seconds after which a paused worker looks whether the program still runs
GIVES_WAY = 5  # of niceness, to the window and what draws it; threads that are begun by the work do, too
SHOWN_CHARACTERS = 160  # of an unexpected error's text

_END = object()


class UnexpectedError(DacapoError):
    """What no one foresaw: a defect here or in a library; `details` is for who looks into it."""

    def __init__(self, problem: str, details: str) -> None:
        super().__init__(problem, details)
        self.problem = problem
        self.details = details

    def __str__(self) -> str:
        return (
            f"An unexpected error: {self.problem}. Try again; if it comes again, report it with its details."
        )


class WorkerSignals(GeneratorWorkerSignals):
    """What a worker tells. Its thread puts it in; it comes out in the thread the worker was made in."""

    steps = Signal(list)  # all that was yielded since the last time; at most ten times a second
    failed = Signal(Exception)  # a DacapoError, its text is for a person
    over = Signal(object)  # the worker itself: it has told all
    ended = Signal()  # the last of all, whatever ended it
    _news = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._steps: deque[Any] = deque()
        self._over: EngineWorker | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TOLD_EVERY)
        self._timer.timeout.connect(self.tell)
        self._news.connect(self._tell_soon)

    def put(self, step: Any) -> None:
        self._steps.append(step)
        if len(self._steps) == 1:
            self._news.emit()

    def put_end(self, worker: EngineWorker) -> None:
        self._over = worker
        self._news.emit()

    def tell(self) -> None:
        """Emit the steps there are; after the last ones, once, how it ended."""
        over = self._over  # read before the steps: none comes after it
        steps = []
        while self._steps:  # until there are none: news come only of a step that finds none waiting
            steps.append(self._steps.popleft())
        if steps:
            self.steps.emit(steps)
        if over is not None and self._over is over:
            self._over = None
            self._timer.stop()
            self._tell_end(over)

    def _tell_soon(self) -> None:
        if self._over is not None:
            self.tell()
        elif not self._timer.isActive():
            self._timer.start()

    def _tell_end(self, worker: EngineWorker) -> None:
        worker.thread.join()  # it is leaving; what it holds is let go in this thread, not in that one
        garbage_collection().look()
        if worker.failure is not None:
            self.failed.emit(worker.failure)
            self.errored.emit(worker.failure)
        elif not worker.completed:
            self.aborted.emit()
        self.finished.emit()
        self._finished.emit(worker)
        self.over.emit(worker)
        self.ended.emit()


class EngineWorker(GeneratorWorker[Any, None, None]):
    """A napari worker for the engine's generators, mending what hurts long work in the common ones.

    Its thread is its own: the pool that all plugins share stays free. Whatever ends the generator, it is
    closed in that thread, where its `finally` saves and frees the device, and every error is told. Steps
    come in batches. When the program ends, its workers end at their next step.

    The generator function must hold no widget and no layer: its thread may be the one to delete them.
    """

    signals: WorkerSignals
    steps: Any
    failed: Any
    over: Any
    ended: Any

    def __init__(self, work: Callable[..., Generator[Any, None, None]], *args: Any) -> None:
        super().__init__(work, *args, SignalsClass=WorkerSignals)
        self.completed = False  # whether the generator came to its own end
        self.failure: DacapoError | None = None
        self.thread = threading.Thread(target=self.run, name=f"napari-dacapo {work.__name__}")
        self._going = threading.Event()
        self._going.set()

    def start(self) -> None:
        self._worker_set.add(self)
        self._finished.connect(self._set_discard)
        self._running = True
        self.started.emit()
        garbage_collection().begin(self.thread)
        self.thread.start()

    def pause(self) -> None:
        """Rest after the present step, holding what it holds, until `resume` or `stop`."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def toggle_pause(self) -> None:
        if self.is_paused:
            self.resume()
        else:
            self.pause()

    @property
    def is_paused(self) -> bool:
        """Whether it was asked to rest; it may still be in its present step."""
        return not self._going.is_set()

    def stop(self) -> None:
        """Close the generator after the present step, also while paused; a second time is nothing."""
        self.quit()

    def quit(self) -> None:
        """As `stop`: the name by which napari ends workers."""
        super().quit()
        self._going.set()

    def wait(self, seconds: float) -> bool:
        """Whether it ends in that time; what it has to tell is told then. For the window's thread."""
        self.thread.join(seconds)
        self.signals.tell()
        return not self.thread.is_alive()

    def run(self) -> None:
        """The thread's outermost function."""
        if sys.platform == "linux":  # elsewhere the whole program would give way
            os.nice(GIVES_WAY)
        try:
            self._drive()
        except BaseException as error:  # whatever it is, even SystemExit: a person must see it
            self.failure = readable(error)
        self._running = False
        self.signals.put_end(self)

    def _drive(self) -> None:
        with closing(self._gen) as generator:
            while self._may_go_on():
                step = next(generator, _END)
                if step is _END:
                    self.completed = True
                    return
                self.signals.put(step)

    def _may_go_on(self) -> bool:
        if self.is_paused:
            self.paused.emit()
            while not self._going.wait(LOOKS_EVERY) and threading.main_thread().is_alive():
                pass
            self.resumed.emit()
        return not self.abort_requested and threading.main_thread().is_alive()


def readable(error: BaseException) -> DacapoError:
    """The error for a person, without the frames that would keep the network and its data alive."""
    told = _told(error)
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return told


def _told(error: BaseException) -> DacapoError:
    if isinstance(error, DacapoError):
        return error
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return DacapoError(f"The system refused: {place}{error.strerror or error}. Mend that and try again.")
    text = " ".join(str(error).split())[:SHOWN_CHARACTERS].rstrip(". ")
    problem = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return UnexpectedError(problem, "".join(traceback.format_exception(error)))
