"""What is drawn of one run: its loss, reduced to what a screen can show, and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def _none() -> Numbers:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The measurements of a run; iterations ascend, NaN is a gap."""

    name: str
    iterations: Numbers = field(default_factory=_none)  # (n,)
    losses: Numbers = field(default_factory=_none)  # (n,)
    score_iterations: Numbers = field(default_factory=_none)  # (m,)
    scores: Numbers = field(default_factory=_none)  # (m,)
    best: int | None = None  # the iteration of the best score

    def with_losses(self, iterations: Sequence[int], losses: Sequence[float]) -> Curve:
        """With later iterations."""
        return replace(
            self,
            iterations=np.append(self.iterations, iterations),
            losses=np.append(self.losses, losses),
        )

    def with_score(self, iteration: int, score: float, is_best: bool) -> Curve:
        """With a later validation."""
        return replace(
            self,
            score_iterations=np.append(self.score_iterations, iteration),
            scores=np.append(self.scores, score),
            best=iteration if is_best else self.best,
        )

    @property
    def last_iteration(self) -> float:
        """0 where nothing is measured."""
        return float(np.max([0.0, *self.iterations[-1:], *self.score_iterations[-1:]]))


@dataclass(frozen=True, slots=True)
class Bins:
    """The losses that fall on one column of the screen each, every array (columns,)."""

    iterations: Numbers  # the last of each column
    low: Numbers  # NaN where every loss of the column is
    high: Numbers
    mean: Numbers
    counts: NDArray[np.int64]  # of those that are not NaN

    @classmethod
    def of(cls, iterations: Numbers, losses: Numbers, columns: int) -> Bins:
        """At most so many, equally wide; columns without iterations are left out."""
        if not len(iterations):
            return cls(_none(), _none(), _none(), _none(), np.empty(0, np.int64))
        edges = np.linspace(0, iterations[-1], columns + 1)[:-1]
        starts = np.unique(np.searchsorted(iterations, edges, "right"))
        starts = starts[starts < len(iterations)]
        starts[0] = 0
        counts = np.diff(starts, append=len(iterations))
        ends, known, values = starts + counts - 1, np.isfinite(losses), losses
        if not known.all():
            counts = np.add.reduceat(known, starts, dtype=np.int64)
            values = np.where(known, losses, 0.0)
        sums = np.add.reduceat(values, starts)
        return cls(
            iterations=iterations[ends],
            low=np.fmin.reduceat(losses, starts),
            high=np.fmax.reduceat(losses, starts),
            mean=np.divide(sums, counts, out=np.full(len(starts), np.nan), where=counts > 0),
            counts=counts,
        )

    @property
    def shown(self) -> Numbers:
        """What an axis should show: every mean, and all but the outermost hundredth of the range."""
        finite = np.concatenate([self.low[np.isfinite(self.low)], self.high[np.isfinite(self.high)]])
        return np.append(self.mean, np.quantile(finite, (0.01, 0.99)) if len(finite) else finite)

    def smoothed(self, iterations: float) -> Numbers:
        """The exponential mean over about so many iterations, NaN where the column is; 1 smooths nothing."""
        keeps = 1 - 1 / iterations
        value = weight = 0.0
        smooth = np.full(len(self.mean), np.nan)
        for column, (mean, count) in enumerate(zip(self.mean, self.counts, strict=True)):
            if count:
                kept = keeps ** float(count)
                value = kept * value + (1 - kept) * mean
                weight = kept * weight + 1 - kept
                smooth[column] = value / weight
        return smooth
