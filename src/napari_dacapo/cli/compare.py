"""`compare`: which run is best."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.drawing import draw
from napari_dacapo.cli.families import existing, run_folder
from napari_dacapo.cli.results import by_option, csv_option, deciding_first
from napari_dacapo.cli.table import print_csv, print_table
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.results.curves import MeanCurve
    from napari_dacapo.experiments.results.history import Iterations, ValidationRow
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.scores.criterion import Criterion


@click.command()
@click.argument("names", nargs=-1)
@by_option
@csv_option
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw loss and score into a file: .svg, .png or .pdf.",
)
@click.pass_obj
def compare(workspace: Workspace, names: tuple[str, ...], by: str, as_csv: bool, plot: Path | None) -> None:
    """Compare the best scores of runs.

    The best run comes first. Without names, all runs are compared. Repetitions of a run are also shown
    together, with mean and standard deviation of their best scores; they are drawn as one curve.
    """
    results = _results(workspace, names)
    validated = [result for result in results.values() if result.rows]
    if not validated:
        raise UserInputError("runs", ", ".join(results), "none was validated yet", "Train one first")
    if len({result.datasets for result in validated}) > 1:
        click.echo("not all were validated on the same datasets: their scores may not compare", err=True)
    criteria = {criterion.name: criterion for each in validated for criterion in each.run.task.criteria()}
    by_name = deciding_first(list(criteria.values()), by)
    if plot is not None:
        draw(plot, *_curves(results, by_name[0]), by_name[0].name)
        click.echo(f"drew {plot}", err=True)
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
    """A run, its training steps, and its scores averaged over the datasets."""

    run: Run
    steps: Iterations
    rows: tuple[ValidationRow, ...]  # empty where it was not validated yet
    datasets: frozenset[str]  # that it was validated on

    @classmethod
    def of(cls, workspace: Workspace, name: str) -> Result:
        from napari_dacapo.experiments.results.comparison import mean_rows
        from napari_dacapo.experiments.results.history import History
        from napari_dacapo.experiments.run import Run

        folder = run_folder(workspace, name)
        record = History(folder.path).read()
        trained = folder.saved_run() if folder.record.exists() else workspace.store.read(Run, name)
        datasets = frozenset(row.dataset for row in record.validations)
        return cls(trained, record.iterations, tuple(mean_rows(record.validations)), datasets)

    def best(self, criterion: Criterion) -> ValidationRow | None:
        from napari_dacapo.experiments.results.comparison import best_row

        return best_row(criterion, self.rows)

    def score(self, criterion: Criterion) -> float:
        best = self.best(criterion)
        return math.nan if best is None else best.scores[criterion.name]


def _results(workspace: Workspace, names: Sequence[str]) -> dict[str, Result]:
    """Of the runs of these names, or else of all that can be read."""
    from napari_dacapo.experiments.run import Run

    if names:
        return {name: Result.of(workspace, name) for name in names}
    found = {}
    for name in existing(workspace).store.names(Run):
        try:
            found[name] = Result.of(workspace, name)
        except DacapoError as error:
            click.echo(f"{name} is left out: {error}", err=True)
    return found


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
    for title, group in _groups(results).items():
        found = [score for each in group if not math.isnan(score := each.score(criterion))]
        if len(found) > 1:
            yield title, len(found), statistics.fmean(found), statistics.stdev(found)


def _curves(results: Mapping[str, Result], criterion: Criterion) -> tuple[list[MeanCurve], list[MeanCurve]]:
    """Loss and score; runs that differ in nothing but their repetition are one curve."""
    from napari_dacapo.experiments.results.curves import loss_curve, score_curve

    groups = _groups(results).items()
    losses = [loss_curve(title, [each.steps for each in group]) for title, group in groups]
    return losses, [score_curve(title, criterion, [each.rows for each in group]) for title, group in groups]


def _groups(results: Mapping[str, Result]) -> dict[str, list[Result]]:
    """Runs that differ in nothing but their repetition, by the name they have in common."""
    groups: dict[str, list[str]] = {}
    for name, result in results.items():
        groups.setdefault(json.dumps(result.run.replace(repetition=0).to_json()), []).append(name)
    return {_title(names, results): [results[name] for name in names] for names in groups.values()}


def _title(names: list[str], results: Mapping[str, Result]) -> str:
    first = names[0]
    return first if len(names) == 1 else first.removesuffix(f"-{results[first].run.repetition}")
