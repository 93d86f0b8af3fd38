"""The weights of a run that can be applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Weights:
    """Which ones, as `apply` is told, and what a person reads."""

    title: str
    criterion: str = ""
    iteration: int | None = None  # None: the best by the criterion, or the last


def has_weights(folder: RunFolder) -> bool:
    """Whether anything was trained; no file is read."""
    return folder.record.exists() and any(folder.checkpoints.glob("[0-9]*"))


def available_weights(folder: RunFolder) -> tuple[Weights, ...]:
    """The best by each criterion, the one that decides first; the last; those of each iteration kept.

    Raises CheckpointError where nothing was trained.
    """
    run = folder.saved_run()
    checkpoints = Checkpoints(folder.checkpoints, run.identity)
    kept = [entry.iteration for entry in checkpoints.list()]
    last = [Weights(f"the last, of iteration {kept[-1]:,}")] if kept else []
    names = [criterion.name for criterion in run.task.criteria()]
    by_iteration = (Weights(f"of iteration {each:,}", iteration=each) for each in reversed(kept))
    return (*_best(checkpoints, names), *last, *by_iteration)


def _best(checkpoints: Checkpoints, criteria: list[str]) -> Iterator[Weights]:
    """Those of all datasets in the task's order, then those of single datasets."""
    best = checkpoints.best()
    for name in sorted(best, key=lambda name: (name not in criteria, _place(criteria, name))):
        found = best[name]
        title = f"the best by {name}, of iteration {found.iteration:,} ({found.score:.4g})"
        yield Weights(title, criterion=name)


def _place(criteria: list[str], name: str) -> int:
    return criteria.index(name) if name in criteria else len(criteria)
