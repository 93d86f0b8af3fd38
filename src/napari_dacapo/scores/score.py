"""What is read from a contingency table."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from napari_dacapo.config import Family
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion


class Score(Family):
    """One or a few numbers that are read from a contingency table together."""

    @abstractmethod
    def criteria(self) -> tuple[Criterion, ...]:
        """What each number is, the one that decides best first."""

    @abstractmethod
    def of(self, table: Contingency) -> tuple[float, ...]:
        """The numbers in the order of `criteria`; NaN where the table has nothing to judge by."""


class ObjectScore(Score):
    """How well objects were found, whatever ids they got."""


def _without_repeats(scores: tuple[ObjectScore, ...]) -> tuple[ObjectScore, ...]:
    names = [criterion.name for criterion in criteria_of(scores)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two scores give the number {twice}. Remove one of them")
    return scores


ObjectScores = Annotated[tuple[ObjectScore, ...], Field(min_length=1), AfterValidator(_without_repeats)]


def criteria_of(scores: Iterable[Score]) -> tuple[Criterion, ...]:
    """The criteria of all scores in their order."""
    return tuple(criterion for score in scores for criterion in score.criteria())


def values_of(scores: Iterable[Score], table: Contingency) -> dict[str, float]:
    """The number of every criterion by its name."""
    return {
        criterion.name: value
        for score in scores
        for criterion, value in zip(score.criteria(), score.of(table), strict=True)
    }
