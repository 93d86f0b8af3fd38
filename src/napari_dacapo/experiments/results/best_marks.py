"""Which checkpoints are marked as the best."""

from collections.abc import Iterator, Sequence

from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.comparison import best_row, mean_rows
from napari_dacapo.experiments.results.history import ValidationRow
from napari_dacapo.tasks.task import Criterion

Marks = Iterator[tuple[str, Criterion, Sequence[ValidationRow]]]


def mark_best(
    checkpoints: Checkpoints, criteria: Sequence[Criterion], rows: Sequence[ValidationRow]
) -> dict[str, int]:
    """Mark what the scores say is the best of the checkpoints that lie there; its iteration by each mark.

    A mark is a criterion over all datasets, or the one that decides for one dataset: "check/voi_sum".
    """
    saved = set(checkpoints.iterations())
    best: dict[str, int] = {}
    for mark, criterion, own in _marks(criteria, [row for row in rows if row.iteration in saved]):
        row = best_row(criterion, own)
        if row is not None:
            checkpoints.mark_best(mark, row.iteration, row.scores[criterion.name])
            best[mark] = row.iteration
    return best


def _marks(criteria: Sequence[Criterion], rows: Sequence[ValidationRow]) -> Marks:
    """Each mark with its criterion and the rows that it is told by."""
    means, decides = mean_rows(rows), criteria[0]
    for criterion in criteria:
        yield criterion.name, criterion, means
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset]
        yield f"{dataset}/{decides.name}", decides, own
