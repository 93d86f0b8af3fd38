"""Scores and stored predictions of runs, read in threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_dacapo.arrays.box import World
from napari_dacapo.experiments.comparison import best_row
from napari_dacapo.experiments.history import History, ValidationRow
from napari_dacapo.experiments.results import Result, stored_result
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.layers.class_scores import class_layers
from napari_dacapo.layers.layer import LayerData
from napari_dacapo.layers.object_scores import ObjectScores
from napari_dacapo.layers.results import result_layers
from napari_dacapo.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One point of the post-processing grid on one dataset."""

    dataset: str
    iteration: int
    parameters: Mapping[str, float | int | str | bool]
    scores: tuple[float, ...]  # by criterion
    best: tuple[bool, ...]  # whether each is the best of the run on that dataset


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """Every validation of a run."""

    name: str
    criteria: tuple[str, ...]
    rows: tuple[ScoreRow, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Layers of a stored prediction, and where its worst objects are."""

    title: str
    layers: list[LayerData]
    worst: tuple[World, ...] = ()


LayersOf = Callable[[Workspace, str, ScoreRow], Shown]


def scores_of(workspace: Workspace, name: str) -> ScoredRun:
    """Raises UserInputError where there is no such run."""
    run = workspace.store.read(Run, name)
    found = History(workspace.run_folder(name)).read().validations
    criteria = run.task.criteria()
    best = {
        (dataset, criterion.name): best_row(criterion, [row for row in found if row.dataset == dataset])
        for dataset in {row.dataset for row in found}
        for criterion in criteria
    }
    rows = tuple(_row(row, tuple(c.name for c in criteria), best) for row in found)
    sentence = "Best values are bold; a double click opens the prediction." if rows else "Not validated yet."
    return ScoredRun(name, tuple(c.name for c in criteria), rows, sentence)


def prediction_layers(workspace: Workspace, name: str, row: ScoreRow) -> Shown:
    result = _result(workspace, name, row)
    segmented = result.segment(row.parameters).segmentation
    *predictions, (_, properties, kind) = result_layers(result)
    return Shown(_title(name, row), [*predictions, (segmented, properties, kind)])


def score_layers(workspace: Workspace, name: str, row: ScoreRow) -> Shown:
    """For objects the truth coloured by IoU, splits and merges; for classes what is right and wrong."""
    result = _result(workspace, name, row)
    segmented = result.segment(row.parameters).segmentation
    if classes := class_layers(result, segmented):
        return Shown(_title(name, row), classes)
    scores = ObjectScores.of(result, segmented)
    return Shown(_title(name, row), scores.layers(), tuple(each.centre for each in scores.worst()))


def newest_layers(workspace: Workspace, name: str, iteration: int) -> Shown:
    """Prediction and segmentation of the first validation dataset, as they were kept."""
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    first = folder.saved_run().datasplit.validation(folder.root)[0]
    result = stored_result(folder, iteration, first.title)
    return Shown(f"{name}, iteration {iteration:,}", result_layers(result))


def _result(workspace: Workspace, name: str, row: ScoreRow) -> Result:
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    return stored_result(folder, row.iteration, row.dataset)


def _row(
    row: ValidationRow,
    criteria: tuple[str, ...],
    best: Mapping[tuple[str, str], ValidationRow | None],
) -> ScoreRow:
    return ScoreRow(
        row.dataset,
        row.iteration,
        row.parameters,
        tuple(row.scores[name] for name in criteria),
        tuple(best[row.dataset, name] is row for name in criteria),
    )


def _title(name: str, row: ScoreRow) -> str:
    return f"{name} {row.dataset} {row.iteration:,}"
