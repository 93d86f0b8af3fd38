"""What the queue's workers do; none of it knows the window."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.steps import Saved, Step, Validation
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.results.history import ValidationRow
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.run_folder import RunFolder
    from napari_dacapo.scores.criterion import Criterion


@dataclass(frozen=True, slots=True)
class Scored:
    """What a validation found by the score that decides: the best of its parameters, a mean over datasets."""

    iteration: int
    criterion: str
    score: float
    is_best: bool  # of all up to it


@dataclass(frozen=True, slots=True)
class Begun:
    """A run begins, or goes on; what was measured until now."""

    iteration: int  # already done
    of: int
    iterations: NDArray[np.int64]
    losses: NDArray[np.float64]  # of those iterations
    scored: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was trained, but not to its end."""

    name: str
    iteration: int
    of: int


FollowedStep = Step | Begun | Scored


def follow_training(
    workspace: Workspace, name: str, device: str, threads: int, kept: int
) -> Generator[FollowedStep, None, None]:
    """Train a run of the workspace. Raises what `train` raises, and where there is no such run."""
    from napari_dacapo.experiments.results.history import ValidationRow
    from napari_dacapo.experiments.training.train import train

    run, folder = run_and_folder(workspace, name)
    known = begun(run, folder)
    yield known
    best = next((each.score for each in reversed(known.scored) if each.is_best), None)
    rows: list[ValidationRow] = []
    with closing(train(run, folder, device, threads, kept)) as steps:
        for step in steps:
            yield step
            if isinstance(step, Validation):
                rows.append(ValidationRow(step.iteration, step.dataset, step.parameters, step.scores))
            elif isinstance(step, Saved) and rows:
                for each in scored(run.task.criteria()[0], rows, best):
                    best = each.score if each.is_best else best
                    yield each
                rows = []


def delete_training(workspace: Workspace, name: str) -> Generator[None, None, None]:
    """Delete everything that was trained of a run; its record stays."""
    _, folder = run_and_folder(workspace, name)
    with folder.alone():
        workspace.delete_run(name)
    yield


def find_unfinished(workspace: Workspace) -> Generator[Unfinished, None, None]:
    """The runs of the workspace that could go on."""
    from napari_dacapo.experiments.run import Run

    for name in workspace.store.names(Run) if workspace.is_ours() else ():
        with suppress(DacapoError):  # what is wrong with a run is said where it is shown
            yield from _unfinished(workspace, name)


def _unfinished(workspace: Workspace, name: str) -> Iterator[Unfinished]:
    run, folder = run_and_folder(workspace, name)
    iteration = _trained_iterations(run, folder)
    if 0 < iteration < run.iterations and not _ended_early(run, folder):
        yield Unfinished(name, iteration, run.iterations)


def run_and_folder(workspace: Workspace, name: str) -> tuple[Run, RunFolder]:
    """Raises UserInputError where there is no such run."""
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.run_folder import RunFolder

    run = workspace.store.read(Run, name)
    return run, RunFolder(workspace.run_folder(name), workspace.path)


def _trained_iterations(run: Run, folder: RunFolder) -> int:
    from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints

    entries = Checkpoints(folder.checkpoints, run.identity).list()
    return entries[-1].iteration if entries else 0


def _ended_early(run: Run, folder: RunFolder) -> bool:
    from napari_dacapo.experiments.results.comparison import validations_since_best
    from napari_dacapo.experiments.results.history import History

    if run.patience is None:
        return False
    rows = History(folder.path).read().validations
    return validations_since_best(run.task.criteria()[0], rows) >= run.patience


def begun(run: Run, folder: RunFolder) -> Begun:
    """What the folder tells of it."""
    from napari_dacapo.experiments.results.history import History

    iteration = _trained_iterations(run, folder)
    record = History(folder.path).read()
    kept = [row for row in record.validations if row.iteration <= iteration]
    count = int((record.iterations.iteration <= iteration).sum())
    return Begun(
        iteration=iteration,
        of=run.iterations,
        iterations=record.iterations.iteration[:count],
        losses=record.iterations.loss[:count],
        scored=tuple(scored(run.task.criteria()[0], kept, None)),
    )


def scored(criterion: Criterion, rows: Sequence[ValidationRow], best: float | None) -> Iterator[Scored]:
    """One for each iteration that has a score, `best` being that of those before."""
    from napari_dacapo.experiments.results.comparison import best_row, mean_rows

    for iteration, group in groupby(mean_rows(rows), key=lambda row: row.iteration):
        row = best_row(criterion, group)
        if row is None:
            continue
        score = row.scores[criterion.name]
        is_best = criterion.better(score, best)
        best = score if is_best else best
        yield Scored(iteration, criterion.name, score, is_best)
