"""Short work that a page has done beside the window."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.work.garbage import garbage_collection
from napari_dacapo.widgets.work.worker import EngineWorker


class Background(QObject):
    """Calls functions in threads of their own and hands what they return to the window's thread.

    The functions must hold no widget and no layer. When the page is gone, nothing is handed over.
    """

    failed = Signal(Exception)  # a DacapoError

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._workers: set[EngineWorker] = set()
        garbage_collection().begin_for_page(page)
        self.destroyed.connect(partial(_stop, self._workers))

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be handed over."""
        return bool(self._workers)

    def do(self, work: Callable[..., Any], *args: Any, then: Callable[[Any], None] | None = None) -> None:
        """Call it; `then` gets what it returns, `failed` tells what it raised."""
        worker = EngineWorker(_once, work, *args)
        errand = _Errand(self, worker, then)
        worker.steps.connect(errand.deliver)
        worker.failed.connect(self.failed)
        worker.ended.connect(errand.end)
        self._workers.add(worker)
        worker.start()

    def forget(self, worker: EngineWorker) -> None:
        """It has ended."""
        self._workers.discard(worker)


class _Errand(QObject):
    """What is to be done with the result of one call."""

    def __init__(
        self, background: Background, worker: EngineWorker, then: Callable[[Any], None] | None
    ) -> None:
        super().__init__(background)
        self._background = background
        self._worker = worker
        self._then = then

    def deliver(self, results: list[Any]) -> None:
        if self._then is not None:
            self._then(results[0])

    def end(self) -> None:
        self._background.forget(self._worker)
        self.setParent(None)  # and it is gone; PySide6 would delete twice what deletes itself later


def _once(work: Callable[..., Any], *args: Any) -> Generator[Any, None, None]:
    yield work(*args)


def _stop(workers: set[EngineWorker]) -> None:
    for worker in workers:
        worker.stop()
