"""How fast a run trains, and how long it will still take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from napari_dacapo.experiments.steps import TrainStep

FORGETS = 0.1  # how much the newest iteration counts in the speed that is shown


@dataclass(frozen=True, slots=True)
class Pace:
    """Measured from the steps as they come in; the time of validations counts in what is left."""

    recent: float = math.nan  # seconds an iteration, the newest ones counting most
    iterations: int = 0
    elapsed: float = 0.0  # seconds in which those came in, with everything between them
    seen: float | None = None  # when the last steps came in; None before the first and after a rest

    def after(self, steps: Iterable[TrainStep], now: float) -> Pace:
        """With steps, maybe none, that came in since the last time; `now` in seconds of any clock."""
        came = list(steps)
        if self.seen is None:
            counted = Pace(self.recent, self.iterations, self.elapsed, now if came else None)
        else:
            counted = Pace(self.recent, self.iterations + len(came), self.elapsed + now - self.seen, now)
        for step in came:
            counted = replace(counted, recent=_averaged(counted.recent, step.seconds))
        return counted

    def rested(self) -> Pace:
        """What passes until the next steps counts as no time."""
        return replace(self, seen=None)

    @property
    def iterations_per_second(self) -> float:
        """NaN before the first step."""
        return 1 / self.recent if self.recent > 0 else math.nan

    def seconds_left(self, iterations: int) -> float:
        """For so many more; NaN before the first step."""
        return iterations * (self.elapsed / self.iterations if self.iterations else self.recent)


def _averaged(average: float, value: float) -> float:
    return value if math.isnan(average) else average + FORGETS * (value - average)
