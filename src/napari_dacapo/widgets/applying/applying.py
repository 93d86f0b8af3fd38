"""A run applied to an image while the window lives on, whether or not another one trains."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, cast

from qtpy.QtCore import QCoreApplication, QObject, Signal

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.results.parameters import readable_parameters
from napari_dacapo.experiments.steps import Applied, Notice, Predicted, Step, Worked
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying.applied_work import Opened, Wish, follow_applying
from napari_dacapo.widgets.work.deleted import when_deleted
from napari_dacapo.widgets.work.termination import die_on_termination, quit_on_termination
from napari_dacapo.widgets.work.worker import EngineWorker

State = Literal["idle", "running", "paused", "stopping", "done", "stopped", "failed"]
OPENS = "Opens the run and the image …"
PREDICTS, ALL = "Predicts", "all is predicted"
LONGEST_BLOCK = 120.0  # seconds that the end of the program waits for one


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    state: State = "idle"
    what: str = ""  # is being done
    sentence: str = ""
    done: int = 0  # blocks
    of: int = 0  # 0: nobody knows how long it takes
    first: int = 0  # that were done of this when it began
    began: float = math.nan  # when they were
    notices: tuple[str, ...] = ()
    where: str = ""  # what was applied lies, once it does
    afterwards: str = ""  # what is done when all is predicted

    @property
    def is_active(self) -> bool:
        return self.state in ("running", "paused", "stopping")

    def seconds_left(self, now: float) -> float:
        """Until the last block of what is being done; NaN where nothing is known."""
        counted = self.done - self.first
        known = counted > 0 and self.state == "running"
        return (self.of - self.done) * (now - self.began) / counted if known else math.nan

    def after(self, step: Step | Opened, now: float) -> Progress:
        """With one more step; `now` in seconds of any clock."""
        match step:
            case Predicted() if step.done == step.of:  # the first objects take long
                told = self._saying(f"All is predicted; {self.afterwards} …")
                return replace(told, what=ALL, done=0, of=0)
            case Predicted():
                return self._counting(PREDICTS, step.done, step.of, now)
            case Worked():
                return self._counting(step.what.capitalize(), step.done, step.of, now)
            case Notice():
                return replace(self, notices=(*self.notices, step.text))
            case Applied():
                return replace(self, where=_where(step), done=1, of=1)
        return self

    def ended(self) -> Progress:
        """When nothing more comes; a failure was told before."""
        if not self.is_active:
            return self
        if self.where:
            return replace(self, state="done", sentence=self.where)
        return replace(self, state="stopped", sentence="Stopped; segmenting again goes on from here.")

    def rested(self, seconds: float) -> Progress:
        """After a pause, which does not count."""
        return replace(self, state="running", began=self.began + seconds)

    def _counting(self, what: str, done: int, of: int, now: float) -> Progress:
        told = self._saying(f"{what}, block {done:,} of {of:,}.")
        begun = (self.first, self.began) if what == self.what else (done, now)  # the first waits for more
        return replace(told, what=what, done=done, of=of, first=begun[0], began=begun[1])

    def _saying(self, sentence: str) -> Progress:
        """What stops says so until it has."""
        return self if self.state == "stopping" else replace(self, sentence=sentence)


class Applying(QObject):
    """Applies one run at a time, in a thread of its own. What is stopped is gone on with by the same wish."""

    changed = Signal()  # `progress`, at most some ten times a second
    opened = Signal(object, object)  # the Wish, and what came of it: Opened

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self.wish: Wish | None = None  # the last
        self._workspace = workspace
        self._paused = math.nan  # since when
        self._workers: set[EngineWorker] = set()  # one at the most
        when_deleted(self, _leave, self._workers)
        cast(QCoreApplication, QCoreApplication.instance()).aboutToQuit.connect(self.shutdown)

    def begin(self, wish: Wish, sentence: str = OPENS) -> None:
        """Start, unless something is applied already; the sentence is said until there is a first step."""
        if self._workers:
            return
        self.wish = wish
        worker = EngineWorker(follow_applying, self._workspace, wish)
        worker.steps.connect(self._take)
        worker.failed.connect(self._take_failure)
        worker.ended.connect(self._on_ended)
        self._workers.add(worker)
        quit_on_termination(self._workers)
        worker.start()
        afterwards = "makes coarser levels" if wish.options.only_predict else "finds the objects"
        self._show(Progress("running", sentence=sentence, afterwards=afterwards))

    def pause(self) -> None:
        """Rest after the present block, with everything in memory."""
        if self.progress.state == "running":
            for worker in self._workers:
                worker.pause()
            self._paused = time.monotonic()
            self._show(replace(self.progress, state="paused"))

    def resume(self) -> None:
        if self.progress.state == "paused":
            for worker in self._workers:
                worker.resume()
            self._show(self.progress.rested(time.monotonic() - self._paused))

    def stop(self) -> None:
        """End after the present step; finished blocks are kept."""
        if self.progress.state in ("running", "paused"):
            for worker in self._workers:
                worker.stop()
            self._show(replace(self.progress, state="stopping", sentence="Stops after this step …"))

    def shutdown(self, timeout: float = 10.0) -> None:
        """Stop for good, waiting so many seconds at most; after that it ends by itself."""
        self.stop()
        for worker in tuple(self._workers):
            worker.wait(timeout)

    def _take(self, steps: list[Step | Opened]) -> None:
        progress = self.progress
        for step in steps:
            progress = progress.after(step, time.monotonic())
        self._show(progress)
        opened = [step for step in steps if isinstance(step, Opened)]
        if opened and progress.state != "stopping":  # not while the window closes
            self.opened.emit(self.wish, opened[0])

    def _take_failure(self, error: DacapoError) -> None:
        self._show(replace(self.progress, state="failed", sentence=str(error)))

    def _on_ended(self) -> None:
        self._workers.clear()
        die_on_termination(self._workers)
        self._show(self.progress.ended())

    def _show(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()


def _where(applied: Applied) -> str:
    parameters = readable_parameters(applied.parameters)
    how = f" with {parameters}" if parameters else ""
    folder, iteration = applied.prediction.parent, f"{applied.iteration:,}"
    if applied.segmentation is None:
        return f"Predicted by iteration {iteration}, not segmented. It lies in {folder}."
    return f"Segmented by iteration {iteration}{how}. It lies in {folder}."


def _leave(workers: set[EngineWorker]) -> None:
    """The page is gone; what still runs ends by itself, after the block that is begun.

    Where the program ends, too, it waits: Python takes the threads away that write.
    """
    application = QCoreApplication.instance()
    for worker in workers:
        worker.stop()
        if application is not None:
            application.aboutToQuit.connect(partial(worker.wait, LONGEST_BLOCK))
    die_on_termination(workers)
