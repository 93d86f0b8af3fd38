"""`scores`: what the validations of a run found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.families import run_folder
from napari_dacapo.cli.table import Best, Cell, print_csv, print_table
from napari_dacapo.errors import CheckpointError, UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.results.history import ValidationRow
    from napari_dacapo.scores.criterion import Criterion

csv_option = click.option(
    "--csv", "as_csv", is_flag=True, help="Every row and column as comma-separated values."
)
by_option = click.option(
    "--by", default="", metavar="CRITERION", help="The score that decides; by default the task's first."
)


@click.command()
@click.argument("name")
@by_option
@click.option("--dataset", "-d", default="", help="Only this validation dataset; by default the mean of all.")
@csv_option
@click.pass_obj
def scores(workspace: Workspace, name: str, by: str, dataset: str, as_csv: bool) -> None:
    """Show the scores of a run.

    Of each iteration those with its best parameters; a star marks the best of a column.
    """
    from napari_dacapo.experiments.results.history import History

    folder = run_folder(workspace, name)
    criteria = deciding_first(folder.saved_run().task.criteria(), by)
    validated = History(folder.path).read().validations
    if not validated:
        raise CheckpointError(f"{name!r:.80} was not validated yet. Train it to its first validation.")
    rows = _of_dataset(validated, dataset)
    print_scores(criteria, rows if as_csv else _best_of_each_iteration(criteria[0], rows), as_csv)


def print_scores(criteria: Sequence[Criterion], rows: Sequence[ValidationRow], as_csv: bool) -> None:
    """A column a criterion, behind what tells the rows apart; as CSV behind everything."""
    places = [_place(row) for row in rows]
    titles = list(dict.fromkeys(title for place in places for title in place))
    if not as_csv:
        titles = [t for t in titles if t == "iteration" or len({place.get(t) for place in places}) > 1]
    header = (*titles, *(criterion.name for criterion in criteria))
    stars = set() if as_csv else _best(criteria, rows)
    cells = [
        (*(place.get(title) for title in titles), *(_cell(row, c, stars) for c in criteria))
        for place, row in zip(places, rows, strict=True)
    ]
    (print_csv if as_csv else print_table)(header, cells)


def deciding_first(criteria: Sequence[Criterion], name: str) -> list[Criterion]:
    """The criteria, that of the name first; without a name as the task has them."""
    named = [criterion for criterion in criteria if criterion.name == name]
    if name and not named:
        known = ", ".join(criterion.name for criterion in criteria)
        raise UserInputError("--by", name, "the task has no such score", f"Choose: {known}")
    return named + [criterion for criterion in criteria if criterion.name != name]


def _place(row: ValidationRow) -> dict[str, int | str]:
    """What tells a row from another one."""
    parameters = {name: str(value) for name, value in row.parameters.items()}
    return {"iteration": row.iteration, "dataset": row.dataset, **parameters}


def _of_dataset(rows: Sequence[ValidationRow], dataset: str) -> list[ValidationRow]:
    from napari_dacapo.experiments.results.comparison import mean_rows

    if not dataset:
        return mean_rows(rows)
    chosen = [row for row in rows if row.dataset == dataset]
    if not chosen:
        known = ", ".join(dict.fromkeys(row.dataset for row in rows))
        raise UserInputError("--dataset", dataset, "it was not validated", f"Choose: {known}")
    return chosen


def _best_of_each_iteration(criterion: Criterion, rows: Sequence[ValidationRow]) -> list[ValidationRow]:
    from napari_dacapo.experiments.results.comparison import best_row

    groups = [list(group) for _, group in groupby(rows, key=lambda row: row.iteration)]
    return [best_row(criterion, group) or group[0] for group in groups]


def _best(criteria: Sequence[Criterion], rows: Sequence[ValidationRow]) -> set[tuple[str, int]]:
    """Criterion and row (by its id) of every best score."""
    from napari_dacapo.experiments.results.comparison import best_row

    found = {criterion.name: best_row(criterion, rows) for criterion in criteria}
    return {(name, id(row)) for name, row in found.items() if row is not None}


def _cell(row: ValidationRow, criterion: Criterion, stars: set[tuple[str, int]]) -> Cell:
    score = row.scores.get(criterion.name, math.nan)  # an earlier version knew fewer
    return Best(score) if (criterion.name, id(row)) in stars else score
