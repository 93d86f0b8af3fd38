"""Losses and scores over a training, of one run or of several equal ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.experiments.results.comparison import best_rows
from napari_dacapo.experiments.results.history import Iterations, ValidationRow
from napari_dacapo.tasks.task import Criterion

MOST_POINTS = 200

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MeanCurve:
    """The mean of several runs at each iteration that any of them has."""

    title: str
    iteration: Numbers  # (n,)
    mean: Numbers  # (n,)
    deviation: Numbers  # (n,) from the mean, 0 where there is one run only


def loss_curve(title: str, runs: Sequence[Iterations]) -> MeanCurve:
    """At most 200 points: each the mean of the iterations up to it, skipped ones left out."""
    longest = max((int(run.iteration[-1]) for run in runs if len(run.iteration)), default=0)
    width = max(1, -(-longest // MOST_POINTS))
    return _curve(title, [_binned(run, width) for run in runs])


def score_curve(title: str, criterion: Criterion, runs: Sequence[Sequence[ValidationRow]]) -> MeanCurve:
    """Of each validation the score with its best parameters; rows are the means over datasets."""
    return _curve(
        title,
        [{row.iteration: row.scores[criterion.name] for row in best_rows(criterion, rows)} for rows in runs],
    )


def _binned(run: Iterations, width: int) -> dict[int, float]:
    """The mean loss of iterations 1 to 10, 11 to 20 and so on, by the last one of each."""
    fine = np.isfinite(run.loss)
    last = (run.iteration[fine] + width - 1) // width * width
    ends, place = np.unique(last, return_inverse=True)
    means = np.bincount(place, run.loss[fine]) / np.bincount(place)
    return dict(zip(ends.tolist(), means.tolist(), strict=True))


def _curve(title: str, runs: Sequence[dict[int, float]]) -> MeanCurve:
    iterations = sorted({iteration for run in runs for iteration in run})
    found = [[run[iteration] for run in runs if iteration in run] for iteration in iterations]
    deviations = [float(np.std(values, ddof=1)) if len(values) > 1 else 0.0 for values in found]
    means = [float(np.mean(values)) for values in found]
    return MeanCurve(title, np.array(iterations, np.float64), np.array(means), np.array(deviations))
