"""The runs that train one after another while the window lives on."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any, cast

from qtpy.QtCore import QCoreApplication, QObject, Signal

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.errors import DacapoError, DeviceError, UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import KEPT_LAST
from napari_dacapo.experiments.steps import Ended
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.training.on_cluster import OnCluster
from napari_dacapo.widgets.training.queued_run import QueuedRun
from napari_dacapo.widgets.training.queued_work import (
    FollowedStep,
    Unfinished,
    delete_training,
    find_unfinished,
    follow_training,
)
from napari_dacapo.widgets.work.deleted import when_deleted
from napari_dacapo.widgets.work.termination import die_on_termination, quit_on_termination
from napari_dacapo.widgets.work.worker import EngineWorker, readable


class TrainingQueue(QObject):
    """Trains the runs of a workspace, in order: here one at a time, on a cluster one on each worker.

    The next one begins by itself, also after a failure. Whatever ends a run, what it learned is saved,
    and adding it again goes on from there.
    """

    changed = Signal(str)  # a run's name: its state or numbers changed; at most some ten times a second
    reordered = Signal()  # a run came, went or moved
    steps = Signal(str, list)  # the name of the run that trains, and its FollowedSteps
    unfinished_found = Signal()

    def __init__(
        self,
        workspace: Workspace,
        device: str = "auto",
        threads: int | None = None,
        kept: int = KEPT_LAST,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.cluster: Cluster = ThisMachine()  # where runs begin from now on
        self.unfinished: tuple[Unfinished, ...] = ()  # runs on the disk that could go on
        self._workspace = workspace
        self._device = device
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)  # one core is the window's
        self._kept = kept  # checkpoints
        self._runs: list[QueuedRun] = []
        self._name = ""  # of the run that trains
        self._worker: EngineWorker | None = None  # trains it, or deletes what it trained
        self._failure: DacapoError | None = None
        self._deletes = False  # whether what the run trained goes when it stops
        self._clusters: dict[Cluster, OnCluster] = {}  # that have runs
        self._is_open = True  # whether another one may begin
        self._search = EngineWorker(find_unfinished, workspace)
        self._search.steps.connect(self._found)
        self._search.ended.connect(self._search_ended)
        self._workers = {self._search}  # that may still run
        when_deleted(self, _leave, self._workers)
        cast(QCoreApplication, QCoreApplication.instance()).aboutToQuit.connect(self.shutdown)
        self._search.start()

    @property
    def runs(self) -> tuple[QueuedRun, ...]:
        """Those that wait train in this order."""
        return tuple(self._runs)

    @property
    def active(self) -> QueuedRun | None:
        """The run that trains, is paused or stops."""
        return None if self._worker is None else self._current

    def run(self, name: str) -> QueuedRun | None:
        """The run of that name, if it is in the queue."""
        return next((run for run in self._runs if folded(run.name) == folded(name)), None)

    def add(self, name: str) -> None:
        """Let a run wait for its turn; one that waits or trains already stays where it is."""
        known = self.run(name)
        if known is not None and (known.is_active or known.state in ("waiting", "on cluster")):
            return
        if known is not None:
            self._runs.remove(known)
        self._runs.append(QueuedRun(name))
        self.reordered.emit()
        self._begin_next()

    def remove(self, name: str) -> None:
        """Take a run off the list; what it learned stays. Raises UserInputError while it trains."""
        known = self.run(name)
        if known is None:
            return
        if known.is_active or known.state == "on cluster":
            raise UserInputError("run", name, "it is training", "Stop it first")
        self._runs.remove(known)
        self.reordered.emit()

    def forget(self, name: str) -> None:
        """A run that was deleted is no longer unfinished."""
        self.unfinished = tuple(each for each in self.unfinished if folded(each.name) != folded(name))
        self.reordered.emit()

    def move_up(self, name: str) -> None:
        """Let a run that waits train before the one that waits before it."""
        self._swap(name, -1)

    def move_down(self, name: str) -> None:
        self._swap(name, 1)

    def pause(self) -> None:
        """Let the run that trains rest after its present step; it keeps its memory."""
        if self._worker is not None and self._current.state == "running":
            self._worker.pause()
            self._update(state="paused", sentence="Paused. It keeps its memory until it goes on or stops.")

    def resume(self) -> None:
        if self._worker is not None and self._current.state == "paused":
            self._worker.resume()
            self._update(state="running", sentence="Goes on.", pace=self._current.pace.rested())

    def stop(self) -> None:
        """End the run that trains after its present step, saved; the next one begins."""
        if self._worker is not None and self._current.state in ("running", "paused"):
            self._worker.stop()
            self._update(state="stopping", sentence="Stops after this step and saves.")

    def stop_on_cluster(self, name: str) -> None:
        """End a run that trains on a cluster after its present step, saved."""
        for cluster in self._clusters.values():
            if name in cluster.names:
                cluster.stop(name)
                self._change(name, sentence="Stops after this step and saves.")

    def cancel(self) -> None:
        """End the run that trains and delete all that it trained. Ask the person before."""
        self._deletes = self.active is not None
        self.stop()

    def shutdown(self, timeout: float = 10.0) -> str:
        """Stop for good, waiting so many seconds at most; what is not done by then, as a sentence."""
        self._is_open = False
        _stop(self._workers)
        until = time.monotonic() + timeout
        while self._workers and (left := until - time.monotonic()) > 0:
            next(iter(self._workers)).wait(left)
        if self._worker is None:
            return ""
        return (
            f"A step of {self._name} takes long. After it the run stops and is saved, and the program ends."
        )

    def _begin_next(self) -> None:
        if not self.cluster.is_here:
            self._send()
            return
        waiting = next((run for run in self._runs if run.state == "waiting"), None)
        if waiting is None or self._worker is not None or not self._is_open:
            return
        self._name, self._failure, self._deletes = waiting.name, None, False
        quit_on_termination(self._workers)
        how = (self._device, self._threads, self._kept)
        worker = EngineWorker(follow_training, self._workspace, self._name, *how)
        worker.steps.connect(self._take)
        worker.ended.connect(self._training_ended)
        self._start(worker)
        self._update(state="running", sentence="Gets ready.")

    def _send(self) -> None:
        """Give all that waits to the cluster."""
        for name in [run.name for run in self._runs if run.state == "waiting" and self._is_open]:
            self._on_cluster().add(name)
            self._change(name, state="on cluster", sentence="Waits for a worker of the cluster.")

    def _on_cluster(self) -> OnCluster:
        if self.cluster not in self._clusters:
            on = OnCluster(self._workspace, self.cluster, self._device, self._kept, self)
            on.told.connect(self._take_from_cluster)
            on.ended.connect(self._cluster_ended)
            self._clusters[self.cluster] = on
            self._workers.add(on.worker)
            quit_on_termination(self._workers)
            on.worker.start()
        return self._clusters[self.cluster]

    def _take_from_cluster(self, name: str, steps: list[Any]) -> None:
        run = self.run(name)
        if run is None:
            return
        run = run.after(steps, time.monotonic())
        for ended in steps:
            if isinstance(ended, Ended):
                failure = None if ended.failure is None else readable(ended.failure)
                run = run.ended(ended.completed, failure)
                self._leave_cluster(name)
        self._change_to(run)

    def _leave_cluster(self, name: str) -> None:
        for cluster in self._clusters.values():
            if name in cluster.names:
                cluster.names.remove(name)

    def _cluster_ended(self, on: OnCluster) -> None:
        """What it has not ended by then was lost with it, or came too late: that waits again."""
        self._clusters = {cluster: each for cluster, each in self._clusters.items() if each is not on}
        self._workers.discard(on.worker)
        die_on_termination(self._workers)
        for name in on.names:
            if on.worker.completed:
                self._change(name, state="waiting", sentence="Waits for its turn.")
            else:
                self._change_to(cast(QueuedRun, self.run(name)).ended(False, on.failure))
        on.deleteLater()
        self._begin_next()

    def _change(self, name: str, **changes: Any) -> None:
        self._change_to(replace(cast(QueuedRun, self.run(name)), **changes))

    def _change_to(self, run: QueuedRun) -> None:
        self._runs[next(i for i, each in enumerate(self._runs) if each.name == run.name)] = run
        self.changed.emit(run.name)

    def _delete(self) -> None:
        worker = EngineWorker(delete_training, self._workspace, self._name)
        worker.ended.connect(self._deletion_ended)
        self._start(worker)
        self._update(state="stopping", sentence="Deletes what it trained.")

    def _start(self, worker: EngineWorker) -> None:
        worker.failed.connect(self._take_failure)
        self._worker = worker
        self._workers.add(worker)
        worker.start()

    def _ended(self) -> EngineWorker:
        """The worker that just ended, let go."""
        worker = cast(EngineWorker, self._worker)
        self._worker = None
        self._workers.discard(worker)
        die_on_termination(self._workers)
        return worker

    def _take(self, steps: list[FollowedStep]) -> None:
        self._replace(self._current.after(steps, time.monotonic()))
        self.steps.emit(self._name, steps)

    def _take_failure(self, error: DacapoError) -> None:
        self._failure = error
        if isinstance(error, DeviceError) and error.restart_needed:
            self._is_open = False  # the next one would fail, too

    def _training_ended(self) -> None:
        worker = self._ended()
        if worker.abort_requested and self._current.state != "stopping":
            self._is_open = False  # napari stopped it: it is about to end
        if self._deletes:
            self._delete()
            return
        self._replace(self._current.ended(worker.completed, self._failure))
        self._begin_next()

    def _deletion_ended(self) -> None:
        if self._ended().completed:
            gone = QueuedRun(self._name, "stopped", "Cancelled; what it trained is deleted.")
            self._replace(gone)
        else:
            self._replace(self._current.ended(False, self._failure))
        self._begin_next()

    def _found(self, unfinished: list[Unfinished]) -> None:
        self.unfinished += tuple(unfinished)
        self.unfinished_found.emit()

    def _search_ended(self) -> None:
        self._workers.discard(self._search)

    @property
    def _current(self) -> QueuedRun:
        return self._runs[self._index]

    def _replace(self, run: QueuedRun) -> None:
        """What is known of the run at work."""
        self._runs[self._index] = run
        self.changed.emit(run.name)

    def _update(self, **changes: Any) -> None:
        self._replace(replace(self._current, **changes))

    @property
    def _index(self) -> int:
        return next(i for i, run in enumerate(self._runs) if run.name == self._name)

    def _swap(self, name: str, by: int) -> None:
        waiting = [i for i, run in enumerate(self._runs) if run.state == "waiting"]
        places = [place for place, i in enumerate(waiting) if folded(self._runs[i].name) == folded(name)]
        for place in places:
            if 0 <= place + by < len(waiting):
                here, there = waiting[place], waiting[place + by]
                self._runs[here], self._runs[there] = self._runs[there], self._runs[here]
                self.reordered.emit()


def _stop(workers: set[EngineWorker]) -> None:
    for worker in workers:
        worker.stop()


def _leave(workers: set[EngineWorker]) -> None:
    """The queue is gone; what still runs saves and ends by itself."""
    _stop(workers)
    die_on_termination(workers)
