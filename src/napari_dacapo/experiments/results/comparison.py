"""Which iteration and which parameters are best."""

import json
import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from napari_dacapo.experiments.results.history import ValidationRow
from napari_dacapo.tasks.task import Criterion

ALL_DATASETS = "all"


def best_row(criterion: Criterion, rows: Iterable[ValidationRow]) -> ValidationRow | None:
    """The row with the best score, the earliest of equal ones; None where every score is NaN."""
    best: ValidationRow | None = None
    for row in rows:
        score = row.scores.get(criterion.name, math.nan)
        if criterion.better(score, None if best is None else best.scores[criterion.name]):
            best = row
    return best


def best_rows(criterion: Criterion, rows: Iterable[ValidationRow]) -> list[ValidationRow]:
    """The best row of each iteration that has a score; rows of an iteration follow each other."""
    groups = (best_row(criterion, group) for _, group in groupby(rows, key=lambda row: row.iteration))
    return [row for row in groups if row is not None]


def mean_rows(rows: Sequence[ValidationRow]) -> list[ValidationRow]:
    """One row per iteration and parameters: each score's mean over the datasets that have one."""
    ordered = sorted(rows, key=_point)
    return [_mean(list(group)) for _, group in groupby(ordered, key=_point)]


def validations_since_best(criterion: Criterion, rows: Sequence[ValidationRow]) -> int:
    """How many validations came after the best one; 0 before the first."""
    best = best_row(criterion, mean_rows(rows))
    iterations = {row.iteration for row in rows}
    if best is None:
        return len(iterations)
    return sum(iteration > best.iteration for iteration in iterations)


def _point(row: ValidationRow) -> tuple[int, str]:
    return row.iteration, json.dumps(dict(row.parameters), sort_keys=True)


def _mean(rows: list[ValidationRow]) -> ValidationRow:
    names = rows[0].scores
    scores = {name: _finite_mean([row.scores[name] for row in rows]) for name in names}
    return ValidationRow(rows[0].iteration, ALL_DATASETS, rows[0].parameters, scores)


def _finite_mean(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan
