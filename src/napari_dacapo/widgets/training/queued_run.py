"""A run of the queue as it stands at a moment, and what each step of its work changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.steps import Ended, Notice, Predicted, Sent, TrainStep, Validation
from napari_dacapo.widgets.training.pace import Pace
from napari_dacapo.widgets.training.queued_work import Begun, FollowedStep, Scored
from napari_dacapo.widgets.work.worker import UnexpectedError

State = Literal["waiting", "running", "paused", "stopping", "on cluster", "finished", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """What a person wants to know about it."""

    name: str
    state: State = "waiting"
    sentence: str = "Waits for its turn."
    done: int = 0  # iterations
    of: int = 0  # 0 before it begins
    last: TrainStep | None = None
    best: Scored | None = None
    notice: str = ""  # the newest
    details: str = ""  # of an unexpected failure, for who looks into it
    pace: Pace = field(default_factory=Pace)

    @property
    def is_active(self) -> bool:
        return self.state in ("running", "paused", "stopping")

    @property
    def seconds_left(self) -> float:
        """NaN where nothing is known."""
        return self.pace.seconds_left(self.of - self.done)

    def after(self, steps: Sequence[FollowedStep | Sent | Ended], now: float) -> QueuedRun:
        """With the steps that came in since the last time; `now` in seconds of any clock."""
        trained = [step for step in steps if isinstance(step, TrainStep)]
        changes: dict[str, Any] = {"pace": self.pace.after(trained, now)}
        for step in steps:
            changes |= _changes(step)
        if self.state not in ("running", "on cluster"):
            changes.pop("sentence", None)  # what it is about to do is said instead
        return replace(self, **changes)

    def ended(self, completed: bool, failure: DacapoError | None) -> QueuedRun:
        """When its worker ended: by itself, by a failure, or because it was asked to."""
        if failure is not None:
            details = failure.details if isinstance(failure, UnexpectedError) else ""
            return replace(self, state="failed", sentence=str(failure), details=details)
        if not completed:
            saved = f"Stopped after iteration {self.done:,} and saved. Resume it on page 5 to go on."
            sentence = saved if self.done else "Stopped before its first iteration."
            return replace(self, state="stopped", sentence=sentence)
        early = f"Ended early, after {self.done:,} of {self.of:,} iterations: its score got no better."
        sentence = f"All {self.of:,} iterations are done." if self.done == self.of else early
        return replace(self, state="finished", sentence=sentence)


def _changes(step: FollowedStep | Sent | Ended) -> dict[str, Any]:
    match step:
        case Begun():
            best = next((scored for scored in reversed(step.scored) if scored.is_best), None)
            return {"done": step.iteration, "of": step.of, "best": best}
        case TrainStep():
            sentence = f"Trains, iteration {step.iteration:,} of {step.of:,}."
            return {"done": step.iteration, "of": step.of, "last": step, "sentence": sentence}
        case Predicted():
            return {"sentence": f"Predicts {step.dataset}, block {step.done} of {step.of}."}
        case Validation():
            return {"sentence": f"Scores {step.dataset}, {step.done} of {step.of}."}
        case Scored(is_best=True):
            return {"best": step}
        case Sent():
            return {"sentence": f"Trains on {step.worker}."}
        case Notice():
            return {"notice": step.text}
    return {}
