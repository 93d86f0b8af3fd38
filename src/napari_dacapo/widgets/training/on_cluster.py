"""The runs of the queue that train on one cluster."""

from __future__ import annotations

from queue import SimpleQueue

from qtpy.QtCore import QObject, Signal

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.errors import DacapoError
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.training.cluster_work import Asked, ClusterStep, follow_on_cluster
from napari_dacapo.widgets.work.worker import EngineWorker


class OnCluster(QObject):
    """Connects when the first run comes, and lets go when the last has ended."""

    told = Signal(str, list)  # the name of a run, and its steps
    ended = Signal(object)  # this; `failure` says why, where it is not that all runs have ended

    def __init__(
        self, workspace: Workspace, cluster: Cluster, device: str, kept: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.names: list[str] = []  # of runs that have not ended
        self.failure: DacapoError | None = None
        self._asked: SimpleQueue[Asked] = SimpleQueue()
        self.worker = EngineWorker(follow_on_cluster, workspace, cluster, self._asked, device, kept)
        self.worker.steps.connect(self._take)
        self.worker.failed.connect(self._take_failure)
        self.worker.ended.connect(self._tell_end)

    def _tell_end(self) -> None:
        self.ended.emit(self)

    def add(self, name: str) -> None:
        self.names.append(name)
        self._asked.put(Asked(name))

    def stop(self, name: str) -> None:
        self._asked.put(Asked(name, stop=True))

    def _take(self, steps: list[ClusterStep | None]) -> None:
        of_run: dict[str, list[object]] = {}
        for name, step in filter(None, steps):
            of_run.setdefault(name, []).append(step)
        for name, told in of_run.items():
            self.told.emit(name, told)

    def _take_failure(self, error: DacapoError) -> None:
        self.failure = error
