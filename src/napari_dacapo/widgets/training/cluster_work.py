"""What the queue's worker does where runs train on a cluster; none of it knows the window."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.steps import Ended, Sent, Validation
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.training.queued_work import FollowedStep, Scored, begun, run_and_folder, scored

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.training.side_by_side import SideBySide

ASK_SECONDS = 0.3  # from one look at the runs to the next
SAVE_SECONDS = 20.0  # that one waits at the end until what is stopped is saved


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants of a run."""

    name: str
    stop: bool = False


ClusterStep = tuple[str, FollowedStep | Sent | Ended]


@dataclass(slots=True)
class _Scores:
    """Validations come as rows; what they say of a run is one score each."""

    runs: dict[str, Run] = field(default_factory=dict)
    best: dict[str, float | None] = field(default_factory=dict)

    def of(self, name: str, rows: list[Validation]) -> Iterator[Scored]:
        from napari_dacapo.experiments.results.history import ValidationRow

        kept = [ValidationRow(row.iteration, row.dataset, row.parameters, row.scores) for row in rows]
        for each in scored(self.runs[name].task.criteria()[0], kept, self.best[name]):
            self.best[name] = each.score if each.is_best else self.best[name]
            yield each


def follow_on_cluster(
    workspace: Workspace, cluster: Cluster, asked: SimpleQueue[Asked], device: str, kept: int
) -> Generator[ClusterStep | None, None, None]:
    """Train what is asked for until nothing is left. Closing it stops all runs, which are saved.

    Nothing is yielded now and then, so that it can be closed.
    """
    from napari_dacapo.experiments.training.side_by_side import SideBySide

    scores = _Scores()
    with cluster.connect() as client:
        work = SideBySide(client, workspace, device, kept=kept)
        try:
            while True:
                yield from _heeded(workspace, work, asked, scores)
                yield from _news(work, scores)
                if work.is_idle and asked.empty():
                    return
                yield None
                time.sleep(ASK_SECONDS)
        finally:
            _stop(work)


def _heeded(
    workspace: Workspace, work: SideBySide, asked: SimpleQueue[Asked], scores: _Scores
) -> Iterator[ClusterStep]:
    while True:
        try:
            wish = asked.get_nowait()
        except Empty:
            return
        if wish.stop:
            work.stop(wish.name)
            continue
        try:
            run, folder = run_and_folder(workspace, wish.name)
            known = begun(run, folder)
            work.add(wish.name)
        except DacapoError as error:
            yield wish.name, Ended(failure=error)
            continue
        scores.runs[wish.name] = run
        scores.best[wish.name] = next((each.score for each in reversed(known.scored) if each.is_best), None)
        yield wish.name, known


def _news(work: SideBySide, scores: _Scores) -> Iterator[ClusterStep]:
    rows: dict[str, list[Validation]] = {}
    for name, step in work.news():
        if isinstance(step, Validation):
            rows.setdefault(name, []).append(step)
        else:
            yield name, step
    for name, of_run in rows.items():
        for each in scores.of(name, of_run):
            yield name, each


def _stop(work: SideBySide) -> None:
    work.stop_all()
    until = time.monotonic() + SAVE_SECONDS
    while not work.is_idle and time.monotonic() < until:
        list(work.news())
        time.sleep(ASK_SECONDS)
