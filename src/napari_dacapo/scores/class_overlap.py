"""How well one class covers its truth."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.score import Score

MEASURES = ("dice", "jaccard", "precision", "recall", "f1")


class ClassOverlap(Score):
    """Dice, Jaccard, precision, recall and F1 of the voxels of one class; Dice and F1 are equal."""

    title: Annotated[str, Field(min_length=1)] = "foreground"
    "What the class is called; its Dice is the criterion `dice/<title>`."

    id: Annotated[int, Field(ge=0)] = 1
    "Its id in segmentation and truth."

    def criteria(self) -> tuple[Criterion, ...]:
        names = (f"{measure}/{self.title}" for measure in MEASURES)
        return tuple(Criterion(name, 0.0, 1.0, higher_is_better=True) for name in names)

    def of(self, table: Contingency) -> tuple[float, ...]:
        found = int(table.segment_sizes[table.segments == self.id].sum())
        true = int(table.object_sizes[table.objects == self.id].sum())
        segments, objects = table.segments[table.pairs[:, 0]], table.objects[table.pairs[:, 1]]
        both = int(table.counts[(segments == self.id) & (objects == self.id)].sum())
        dice = _share(2 * both, found + true)
        return dice, _share(both, found + true - both), _share(both, found), _share(both, true), dice


def class_criteria(classes: tuple[ClassOverlap, ...]) -> tuple[Criterion, ...]:
    """The means over the classes, `dice` first, then those of each class."""
    means = tuple(Criterion(measure, 0.0, 1.0, higher_is_better=True) for measure in MEASURES)
    return means + tuple(criterion for each in classes for criterion in each.criteria())


def class_values(classes: tuple[ClassOverlap, ...], tables: tuple[Contingency, ...]) -> dict[str, float]:
    """The number of every criterion of `class_criteria`, a table per class; absent classes are in no mean."""
    rows = [each.of(table) for each, table in zip(classes, tables, strict=True)]
    values = {
        measure: _mean(column) for measure, column in zip(MEASURES, zip(*rows, strict=True), strict=True)
    }
    for each, row in zip(classes, rows, strict=True):
        values |= {criterion.name: value for criterion, value in zip(each.criteria(), row, strict=True)}
    return values


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _mean(values: tuple[float, ...]) -> float:
    present = [value for value in values if not math.isnan(value)]
    return float(np.mean(present)) if present else math.nan
