"""Which iteration and which parameters are best."""

import math

import pytest

from napari_dacapo.experiments.results.comparison import best_row, mean_rows, validations_since_best
from napari_dacapo.experiments.results.history import ValidationRow
from napari_dacapo.tasks.task import Criterion

LOW = Criterion("voi_sum", 0.0, math.inf, higher_is_better=False)


def row(iteration: int, score: float, dataset: str = "a", bias: float = 0.5) -> ValidationRow:
    return ValidationRow(iteration, dataset, {"bias": bias}, {"voi_sum": score})


@pytest.mark.parametrize(
    ("scores", "best"),
    [([3.0, 1.0, 2.0], 2), ([1.0, 1.0], 1), ([math.nan, 2.0], 2), ([math.nan, math.nan], None), ([], None)],
)
def test_the_best_row_is_the_earliest_of_the_lowest_scores(scores: list[float], best: int | None) -> None:
    found = best_row(LOW, [row(i, score) for i, score in enumerate(scores, start=1)])
    assert (None if found is None else found.iteration) == best


def test_scores_are_averaged_over_datasets_and_not_over_parameters() -> None:
    rows = [row(1, 2.0, "a"), row(1, 4.0, "b"), row(1, 9.0, "a", bias=0.1), row(1, math.nan, "b", bias=0.1)]
    means = {r.parameters["bias"]: r.scores["voi_sum"] for r in mean_rows(rows)}
    assert means == {0.5: 3.0, 0.1: 9.0}


def test_validations_since_the_best_are_counted() -> None:
    assert validations_since_best(LOW, [row(10, 2.0), row(20, 1.0), row(30, 1.5), row(40, 1.5)]) == 2
    assert validations_since_best(LOW, []) == 0
