"""What the first iterations tell about a training that is not going well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from napari_dacapo.experiments.steps import Notice, TrainStep

IN_VAIN = 10  # steps in a row whose loss is 0
SETTLING = 10  # iterations in which chunks are read for the first time
LOOKED_AT = 40  # iterations after those
MOST_WAITING = 0.3  # of their time
AT_FIRST = 50  # iterations whose mean loss is compared with
BY_THEN = 300  # that of as many up to here
LEAST_FALL = 0.02  # of it


@dataclass(slots=True)
class Hints:
    """From step to step; each is given once."""

    is_fresh: bool = False  # whether training begins with random weights, so that the loss is to fall
    losses: list[float] = field(default_factory=list)
    in_vain: int = 0  # steps in a row
    done: int = 0  # iterations
    seconds: float = 0.0  # of those looked at
    waited: float = 0.0

    def after(self, step: TrainStep) -> Iterator[Notice]:
        self.in_vain = self.in_vain + 1 if step.loss == 0 else 0
        if self.in_vain == IN_VAIN:
            yield Notice(
                f"{IN_VAIN} steps in a row had a loss of 0: the task may give no weight to what is "
                "labelled. Preview its target; affinities learn from parts of objects, too."
            )
        if self.is_fresh and step.iteration <= BY_THEN:
            self.losses.append(step.loss)
            if step.iteration == BY_THEN and self._did_not_fall():
                yield Notice(
                    f"The loss of {BY_THEN} iterations did not fall: nothing is learned so far. If it stays "
                    "so, train a copy of the run with another seed, a lower learning rate or a normalisation."
                )
        self.done += 1
        if self.done > SETTLING:
            self.seconds += step.seconds
            self.waited += step.waited
        if self.done == SETTLING + LOOKED_AT and self.waited > MOST_WAITING * self.seconds:
            yield Notice(
                f"{self.waited / self.seconds:.0%} of the time {step.device} waits for data. More loader "
                "threads of the trainer, fewer augmentations or images on a faster disk help."
            )

    def _did_not_fall(self) -> bool:
        """Of ReLUs without a normalisation that many steps were too long for, few give anything but 0."""
        first, last = (np.nanmean(part) for part in (self.losses[:AT_FIRST], self.losses[-AT_FIRST:]))
        return bool(last > (1 - LEAST_FALL) * first)
