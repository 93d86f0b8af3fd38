"""Python's garbage, collected in the window's thread alone while others work beside it."""

from __future__ import annotations

import gc
import threading
from typing import cast

import psutil
from qtpy.QtCore import QCoreApplication, QObject, QTimer

from napari_dacapo.widgets.work.deleted import when_deleted

LOOKS_EVERY = 100  # milliseconds
NEW = 700  # objects more than at the last look that are worth one, as in Python
OLDER = 20_000  # objects that outlived a look, worth another
OLD = 100_000  # objects that outlived two, worth a look at all where nothing is at work
SHORT = 0.2  # of the machine's memory: where less is free, everything is looked at ...
GROWTH = 1.1  # ... as often as the memory in use has grown so much


class GarbageCollection(QObject):
    """Stands in for Python's own collection as long as any of its threads or pages lives.

    Python collects in whichever thread happens to make an object; zarr has threads, too. In another than the
    window's that deletes things of the window: with PySide6 a timer that still ticks ends the program. And
    where napari and torch are loaded, a look at all objects holds every thread for 0.3 s. So the window
    looks, at what is new: while something is at work, what outlives two looks is left alone until memory runs
    short.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._threads: set[threading.Thread] = set()
        self._pages: set[int] = set()
        self._older = 0  # objects that outlived a look since all of those were looked at
        self._old = 0  # objects that outlived two looks since everything was looked at
        self._memory = 0  # bytes that were in use when that was because memory ran short
        self._timer = QTimer(self)
        self._timer.setInterval(LOOKS_EVERY)
        self._timer.timeout.connect(self.look)

    def begin(self, thread: threading.Thread) -> None:
        """Until this one has ended, nothing is collected but here. Call it right before the thread starts."""
        self._threads.add(thread)
        self._begin()

    def begin_for_page(self, page: QObject) -> None:
        """The same until this one is deleted."""
        self._pages.add(id(page))
        when_deleted(page, self._pages.discard, id(page))
        self._begin()

    def look(self) -> None:
        """Collect what is due; if every thread and page is gone, leave it to Python again."""
        if not self._timer.isActive():
            return
        self._threads = {thread for thread in self._threads if thread.is_alive()}
        if (new := gc.get_count()[0]) > NEW:
            self._older += new - gc.collect(0)  # to list them breaks tuples that other threads are making
        if self._older > OLDER:
            self._look_at_older()
        if not self._threads and not self._pages:
            self._timer.stop()
            gc.enable()

    def _look_at_older(self) -> None:
        self._old += self._older
        self._older = 0
        if self._memory_runs_short() or (self._old > OLD and not self._threads):
            self._old = 0
            gc.collect()
        else:
            gc.collect(1)

    def _memory_runs_short(self) -> bool:
        """Whether little is free, and this program has taken more since that was last so."""
        free, in_use = _free_memory(), _memory_in_use()
        short = free < SHORT and in_use > GROWTH * self._memory
        if short:
            self._memory = in_use
        return short

    def _begin(self) -> None:
        gc.disable()
        self._timer.start()


def garbage_collection() -> GarbageCollection:
    """The application's own, made when it is first asked for. For the window's thread."""
    application = cast(QCoreApplication, QCoreApplication.instance())
    found = application.findChild(GarbageCollection)
    return GarbageCollection(application) if found is None else found


def _free_memory() -> float:
    """Of the machine's, as a fraction."""
    memory = psutil.virtual_memory()
    return float(memory.available / memory.total)


def _memory_in_use() -> int:
    return int(psutil.Process().memory_info().rss)
