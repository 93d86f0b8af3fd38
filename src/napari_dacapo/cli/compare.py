"""`compare`: which run is best."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.families import existing, run_folder
from napari_dacapo.cli.results import by_option, csv_option, deciding_first
from napari_dacapo.cli.table import print_csv, print_table
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.history import ValidationRow
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.scores.criterion import Criterion


@click.command()
@click.argument("names", nargs=-1)
@by_option
@csv_option
@click.pass_obj
def compare(workspace: Workspace, names: tuple[str, ...], by: str, as_csv: bool) -> None:
    """Compare the best scores of runs.

    The best run comes first. Without names, all runs are compared. Repetitions of a run are also shown
    together, with mean and standard deviation of their best scores.
    """
    from napari_dacapo.experiments.run import Run

    results = {name: Result.of(workspace, name) for name in names or existing(workspace).store.names(Run)}
    validated = [result for result in results.values() if result.rows]
    if not validated:
        raise UserInputError("runs", ", ".join(results), "none was validated yet", "Train one first")
    criteria = {criterion.name: criterion for each in validated for criterion in each.run.task.criteria()}
    by_name = deciding_first(list(criteria.values()), by)
    if as_csv:
        rows = [(criterion.name, *row) for criterion in by_name for row in _ranked(results, criterion)]
        print_csv(("criterion", "run", "score", "iteration", "parameters"), rows)
        return
    print_table(("run", by_name[0].name, "iteration", "parameters"), _ranked(results, by_name[0]))
    if repeated := list(_repeated(results, by_name[0])):
        click.echo()
        print_table(("repetitions of", "runs", "mean", "deviation"), repeated)


@dataclass(frozen=True, slots=True)
class Result:
    """A run, and its scores averaged over the datasets."""

    run: Run
    rows: tuple[ValidationRow, ...]  # empty where it was not validated yet

    @classmethod
    def of(cls, workspace: Workspace, name: str) -> Result:
        from napari_dacapo.experiments.comparison import mean_rows
        from napari_dacapo.experiments.history import History
        from napari_dacapo.experiments.run import Run

        rows = History(run_folder(workspace, name).path).read().validations
        return cls(workspace.store.read(Run, name), tuple(mean_rows(rows)))

    def best(self, criterion: Criterion) -> ValidationRow | None:
        from napari_dacapo.experiments.comparison import best_row

        return best_row(criterion, self.rows)

    def score(self, criterion: Criterion) -> float:
        best = self.best(criterion)
        return math.nan if best is None else best.scores[criterion.name]


def _ranked(results: Mapping[str, Result], criterion: Criterion) -> list[tuple[str, float, int | None, str]]:
    """Name, score, iteration and parameters, the best run first and those without a score last."""
    sign = -1 if criterion.higher_is_better else 1
    rows = []
    for name, result in results.items():
        best = result.best(criterion)
        parameters = {} if best is None else best.parameters
        text = " ".join(f"{parameter}={value}" for parameter, value in parameters.items())
        rows.append((name, result.score(criterion), None if best is None else best.iteration, text))
    return sorted(rows, key=lambda row: math.inf if math.isnan(row[1]) else sign * row[1])


def _repeated(results: Mapping[str, Result], criterion: Criterion) -> Iterator[tuple[str, int, float, float]]:
    """Name, number, mean and standard deviation of runs that differ in nothing but their repetition."""
    groups: dict[str, list[str]] = {}
    for name, result in results.items():
        if not math.isnan(result.score(criterion)):
            same = json.dumps(result.run.replace(repetition=0).to_json())
            groups.setdefault(same, []).append(name)
    for names in groups.values():
        found = [results[name].score(criterion) for name in names]
        if len(names) > 1:
            first = names[0].removesuffix(f"-{results[names[0]].run.repetition}")
            yield first, len(names), statistics.fmean(found), statistics.stdev(found)
