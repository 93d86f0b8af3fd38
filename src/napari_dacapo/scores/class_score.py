"""How well the voxels of one class were found, judged by where they lie."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from napari_dacapo.arrays.box import World
from napari_dacapo.config import Family
from napari_dacapo.scores.criterion import Criterion

Mask = NDArray[np.bool_]  # ((z,) y, x)


class ClassScore(Family):
    """One or a few numbers for the voxels of one class, from what was found and what is true."""

    @abstractmethod
    def criteria(self) -> tuple[Criterion, ...]:
        """What each number is."""

    @abstractmethod
    def of(self, found: Mask, true: Mask, voxel_size: World) -> tuple[float, ...]:
        """The numbers in the order of `criteria`; NaN where there is nothing to judge by."""


def _without_repeats(scores: tuple[ClassScore, ...]) -> tuple[ClassScore, ...]:
    names = [criterion.name for score in scores for criterion in score.criteria()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two scores give the number {twice}. Remove one of them")
    return scores


ClassScores = Annotated[tuple[ClassScore, ...], AfterValidator(_without_repeats)]


def criteria_of_classes(scores: Iterable[ClassScore], titles: Iterable[str]) -> tuple[Criterion, ...]:
    """Of each number first the mean over the classes, then `<number>/<class>` of each."""
    named = tuple(titles)
    return tuple(
        replace(criterion, name=name)
        for score in scores
        for criterion in score.criteria()
        for name in (criterion.name, *(f"{criterion.name}/{title}" for title in named))
    )


def values_of_classes(
    scores: Iterable[ClassScore], masks: Mapping[str, tuple[Mask, Mask]], voxel_size: World
) -> dict[str, float]:
    """The number of every criterion by its name, from what was found and what is true of each class."""
    values: dict[str, float] = {}
    for score in scores:
        rows = [score.of(*pair, voxel_size) for pair in masks.values()]
        for criterion, column in zip(score.criteria(), zip(*rows, strict=True), strict=True):
            values[criterion.name] = mean_of_present(column)
            values |= {f"{criterion.name}/{t}": value for t, value in zip(masks, column, strict=True)}
    return values


def mean_of_present(values: Iterable[float]) -> float:
    """The mean of the numbers that there are; NaN where there are none."""
    present = [value for value in values if not np.isnan(value)]
    return float(np.mean(present)) if present else float("nan")
