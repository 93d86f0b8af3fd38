"""Scores and stored predictions of runs, read in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.results.comparison import best_row, best_rows, mean_rows
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.results.parameters import (
    choose_parameters,
    chosen_parameters,
    forget_parameters,
    readable_parameters,
)
from napari_dacapo.experiments.results.results import Result, stored_result, whole
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.layers.class_scores import LEGEND as VERDICTS
from napari_dacapo.layers.class_scores import class_layers
from napari_dacapo.layers.difference import Difference, Side
from napari_dacapo.layers.layer import LayerData
from napari_dacapo.layers.object_scores import LEGEND as IOU
from napari_dacapo.layers.object_scores import ObjectScores, WorstObject
from napari_dacapo.layers.results import dataset_layers, is_one_of_several, result_layers
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Parameters, Range
from napari_dacapo.widgets.plots.curve import Curve

Legend = Mapping[str, tuple[float, ...]]  # the colour of each meaning


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One point of the post-processing grid on one dataset."""

    run: str
    dataset: str
    iteration: int
    parameters: Parameters
    told: str  # those of the parameters that differ within the run
    scores: Mapping[str, float]  # by criterion
    best: frozenset[str]  # the criteria by which it is the best of its run on that dataset
    kept: bool  # whether the prediction is on the disk
    segmented: bool  # whether the segmentation beside it is with these parameters

    @property
    def title(self) -> str:
        return f"{self.run} {self.dataset} {self.iteration:,}"

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for the same point read again."""
        return self.run, self.dataset, self.iteration, tuple(sorted(self.parameters.items()))


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRun:
    """Every validation of a run, and its curves."""

    name: str
    criteria: tuple[Criterion, ...]
    rows: tuple[ScoreRow, ...]
    curves: Mapping[str, Curve]  # by criterion
    points: Mapping[str, Mapping[int, ScoreRow]]  # by criterion and iteration, what the curve shows
    ranges: Mapping[str, Range]  # what the parameters may be
    state: tuple[Any, ...] = ()  # of the files it was read from


@dataclass(frozen=True, slots=True)
class Scores:
    """Every run that was validated, and what could not be read."""

    runs: tuple[ScoredRun, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def criteria(self) -> tuple[str, ...]:
        """Of all runs, those of the first run first."""
        return tuple(dict.fromkeys(each.name for run in self.runs for each in run.criteria))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(run.name for run in self.runs)

    def of(self, names: Iterable[str]) -> tuple[ScoredRun, ...]:
        wanted = set(names)
        return tuple(run for run in self.runs if run.name in wanted)


@dataclass(frozen=True, slots=True)
class Shown:
    """Layers of a stored prediction, what their colours mean, and where its worst objects are."""

    title: str
    layers: list[LayerData]
    legend: Legend = field(default_factory=dict)
    worst: tuple[WorstObject, ...] = ()
    beneath: list[LayerData] = field(default_factory=list)  # the image
    is_one_of_several: bool = True  # whether another one may lie at its place


@dataclass(frozen=True, slots=True)
class Resegmented:
    """A segmentation with other parameters."""

    layer: LayerData
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two segmentations and where they differ, in words too."""

    layers: list[LayerData]
    legend: Legend
    sentence: str


LayersOf = Callable[[Workspace, ScoreRow], Shown]


def read_scores(workspace: Workspace, known: Scores) -> Scores:
    """Of every run that was validated; those that did not change since `known` are not read again."""
    before = {run.name: run for run in known.runs}
    runs, problems = [], []
    for name in workspace.store.names(Run) if workspace.is_ours() else ():
        try:
            run = _scored(workspace, name, before.get(name))
        except DacapoError as error:
            problems.append(f"{name}: {error}")
            continue
        if run.rows:
            runs.append(run)
    return Scores(tuple(runs), tuple(problems))


def prediction_layers(workspace: Workspace, row: ScoreRow) -> Shown:
    """Prediction and segmentation, read when they are looked at; another than the stored one is made anew."""
    result = _result(workspace, row)
    *predictions, stored = [_named(row, layer) for layer in result_layers(result)]
    segmentation = stored if row.segmented else _segmented(result, row).layer
    return Shown(row.title, [*predictions, segmentation], **_beneath(row, result))


def score_layers(workspace: Workspace, row: ScoreRow) -> Shown:
    """For objects the truth coloured by IoU, splits and merges; for classes what is right and wrong."""
    result = _result(workspace, row)
    segmented = _ids(result, row)
    beneath = _beneath(row, result)
    if classes := class_layers(result, segmented):
        return Shown(row.title, [_named(row, layer) for layer in classes], VERDICTS, **beneath)
    scores = ObjectScores.of(result, segmented)
    layers = [_named(row, layer) for layer in scores.layers()]
    return Shown(row.title, layers, IOU, scores.worst(), **beneath)


def difference_layers(workspace: Workspace, first: ScoreRow, second: ScoreRow) -> Compared:
    """Raises UserInputError where the two cannot be compared."""
    alike = (first.run, first.iteration) == (second.run, second.iteration)
    sides = [_side(workspace, row, f" ({row.told})" if alike else "") for row in (first, second)]
    found = Difference.of(*sides)
    return Compared(found.layers(), found.legend, found.sentence)


def segment_again(workspace: Workspace, row: ScoreRow, parameters: Parameters) -> Resegmented:
    """The prediction of a row segmented with other parameters."""
    return _segmented(_result(workspace, row), replace(row, parameters=parameters))


def chosen(workspace: Workspace, name: str) -> Parameters | None:
    """The parameters a run is applied with; None: the best of its validation."""
    return chosen_parameters(RunFolder(workspace.run_folder(name), workspace.path))


def choose(workspace: Workspace, name: str, parameters: Parameters | None) -> Parameters | None:
    """Let a run be applied with these, or with the best again."""
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    if parameters is None:
        forget_parameters(folder)
    else:
        choose_parameters(folder, parameters)
    return parameters


def _scored(workspace: Workspace, name: str, before: ScoredRun | None) -> ScoredRun:
    run = workspace.store.read(Run, name)
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    history = History(folder.path)
    kept = Predictions(folder.validation).iterations()
    stamp = history.path.stat() if history.path.exists() else None
    state = (run, kept, stamp and (stamp.st_mtime_ns, stamp.st_size))
    if before is not None and before.state == state:
        return before
    return replace(_read(name, run, history, frozenset(kept)), state=state)


def _read(name: str, run: Run, history: History, kept: frozenset[int]) -> ScoredRun:
    record = history.read()
    criteria, found = run.task.criteria(), record.validations
    best, segmented = _best(criteria, found), _segmented_rows(criteria[0], found)
    varying = _varying(run.task.parameter_grid())
    made = {
        id(row): ScoreRow(
            run=name,
            dataset=row.dataset,
            iteration=row.iteration,
            parameters=row.parameters,
            told=readable_parameters({key: row.parameters[key] for key in varying if key in row.parameters}),
            scores=row.scores,
            best=best.get(id(row), frozenset()),
            kept=row.iteration in kept,
            segmented=id(row) in segmented,
        )
        for row in found
    }
    by_point = {(row.iteration, _point(row)): made[id(row)] for row in reversed(found)}
    means = mean_rows(found)
    decided = {each.name: best_rows(each, means) for each in criteria}
    losses = Curve(name, record.iterations.iteration.astype(np.float64), record.iterations.loss)
    return ScoredRun(
        name,
        criteria,
        tuple(made.values()),
        {each.name: _curve(losses, each, decided[each.name]) for each in criteria},
        {
            each: {row.iteration: by_point[row.iteration, _point(row)] for row in rows}
            for each, rows in decided.items()
        },
        run.task.parameter_ranges(),
    )


def _best(criteria: Iterable[Criterion], rows: Iterable[ValidationRow]) -> dict[int, frozenset[str]]:
    """By the id of a row: the criteria by which it is the best of its dataset."""
    by_dataset: dict[str, list[ValidationRow]] = {}
    for row in rows:
        by_dataset.setdefault(row.dataset, []).append(row)
    best: dict[int, frozenset[str]] = {}
    for criterion in criteria:
        for own in by_dataset.values():
            winner = best_row(criterion, own)
            if winner is not None:
                best[id(winner)] = best.get(id(winner), frozenset()) | {criterion.name}
    return best


def _curve(losses: Curve, criterion: Criterion, rows: list[ValidationRow]) -> Curve:
    best = best_row(criterion, rows)
    return replace(
        losses,
        score_iterations=np.array([row.iteration for row in rows], np.float64),
        scores=np.array([row.scores[criterion.name] for row in rows], np.float64),
        best=None if best is None else best.iteration,
    )


def _segmented_rows(decides: Criterion, rows: Iterable[ValidationRow]) -> set[int]:
    """The ids of the rows whose segmentations validation kept: the best of each iteration and dataset."""
    places: dict[tuple[int, str], list[ValidationRow]] = {}
    for row in rows:
        places.setdefault((row.iteration, row.dataset), []).append(row)
    return {id(best_row(decides, own)) for own in places.values()}


def _varying(grid: Iterable[Parameters]) -> tuple[str, ...]:
    """The names of the parameters that are not the same everywhere."""
    values: dict[str, set[Any]] = {}
    for point in grid:
        for name, value in point.items():
            values.setdefault(name, set()).add(value)
    return tuple(name for name, found in values.items() if len(found) > 1)


def _point(row: ValidationRow) -> tuple[Any, ...]:
    return tuple(sorted(row.parameters.items()))


def _side(workspace: Workspace, row: ScoreRow, apart: str) -> Side:
    """Called by run and iteration, and by what tells it apart where those are the same."""
    result = _result(workspace, row)
    return Side(f"{row.run} {row.iteration:,}{apart}", result, _ids(result, row))


def _ids(result: Result, row: ScoreRow) -> NDArray[Any]:
    """The segmentation with the row's parameters; the stored one where that is it."""
    if row.segmented:
        return whole(result.segmentation)
    return result.segment(row.parameters).segmentation


def _segmented(result: Result, row: ScoreRow) -> Resegmented:
    segmented = result.segment(row.parameters)
    _, properties, kind = result_layers(result)[-1]
    layer = (segmented.segmentation, properties, kind)
    return Resegmented(_named(row, layer), segmented.scores)


def _result(workspace: Workspace, row: ScoreRow) -> Result:
    folder = RunFolder(workspace.run_folder(row.run), workspace.path)
    return stored_result(folder, row.iteration, row.dataset)


def _beneath(row: ScoreRow, result: Result) -> dict[str, Any]:
    image = _named(row, dataset_layers(result.dataset)[0])
    return {"beneath": [image], "is_one_of_several": is_one_of_several(result.run)}


def _named(row: ScoreRow, layer: LayerData) -> LayerData:
    data, properties, kind = layer
    return data, properties | {"name": f"{row.run} {properties['name']}"}, kind
