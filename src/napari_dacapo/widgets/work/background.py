"""Short work that a page has done beside the window."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.work.deleted import when_deleted
from napari_dacapo.widgets.work.garbage import garbage_collection
from napari_dacapo.widgets.work.worker import EngineWorker


class Background(QObject):
    """Calls functions in threads of their own and hands what they return to the window's thread.

    The functions must hold no widget and no layer. When the page is gone, nothing is handed over.
    """

    failed = Signal(Exception)  # a DacapoError

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._errands: dict[EngineWorker, _Errand] = {}
        garbage_collection().begin_for_page(page)
        when_deleted(self, _stop, self._errands)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be handed over."""
        return bool(self._errands)

    def do(self, work: Callable[..., Any], *args: Any, then: Callable[[Any], None] | None = None) -> None:
        """Call it; `then` gets what it returns, `failed` tells what it raised."""
        self._begin(_Errand(partial(work, *args), then))

    def follow(
        self,
        work: Callable[..., Generator[Any, None, Any]],
        *args: Any,
        steps: Callable[[list[Any]], None],
        then: Callable[[Any], None],
        stopped: Callable[[], None],
    ) -> EngineWorker:
        """Go through a generator: `steps` gets what it yields, now and then, and `then` what it returns.

        Where the worker was stopped before, `stopped` is called in place of `then`.
        """
        worker = self._begin(_Journey(partial(work, *args), then, stopped))
        worker.steps.connect(steps)
        return worker

    def _begin(self, errand: _Errand) -> EngineWorker:
        worker = EngineWorker(errand.run)
        worker.failed.connect(self.failed)
        worker.over.connect(self._hand_over)
        self._errands[worker] = errand
        worker.start()
        return worker

    def _hand_over(self, worker: EngineWorker) -> None:
        try:
            self._errands[worker].hand_over(worker.failure is not None)
        finally:
            del self._errands[worker]


class _Errand:
    """A call, what it returned, and who gets that. No Qt object: it ends while a signal is delivered."""

    def __init__(self, call: Callable[[], Any], then: Callable[[Any], None] | None) -> None:
        self._call = call
        self._then = then
        self._returned: list[Any] = []

    def run(self) -> Generator[None, None, None]:
        self._returned.append(self._call())
        yield

    def hand_over(self, failed: bool) -> None:
        """Nothing where the call failed or was stopped."""
        if self._returned and self._then is not None:
            self._then(self._returned.pop())


class _Journey(_Errand):
    """Through a generator, which can be stopped on the way."""

    def __init__(
        self, call: Callable[[], Any], then: Callable[[Any], None], stopped: Callable[[], None]
    ) -> None:
        super().__init__(call, then)
        self._stopped = stopped

    def run(self) -> Generator[Any, None, None]:
        self._returned.append((yield from self._call()))

    def hand_over(self, failed: bool) -> None:
        if self._returned or failed:
            super().hand_over(failed)
        else:
            self._stopped()


def _stop(workers: dict[EngineWorker, _Errand]) -> None:
    for worker in workers:
        worker.stop()
