"""Long work as it is watched: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta
from types import TracebackType
from typing import Self, cast

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from napari_dacapo.cli.stopping import stoppable
from napari_dacapo.experiments.steps import (
    Applied,
    Notice,
    Predicted,
    Saved,
    Step,
    TrainStep,
    Validation,
    Worked,
)

LINE_SECONDS = 10.0  # from one line of a log file to the next


def follow(steps: Iterator[Step], stopped: str) -> list[Validation]:
    """Draw the steps until the last, and return what was scored.

    A signal ends them after the step at work; closing them saves. Then `stopped` is said, and the process
    ends with the code of the signal.
    """
    generator = cast(Generator[Step, None, None], steps)
    scored = []
    with stoppable() as stop, closing(generator), Bar() if sys.stderr.isatty() else Lines() as display:
        for step in generator:
            stop.begun = True
            display.show(step)
            if isinstance(step, Validation):
                scored.append(step)
            if stop.signal:
                break
    if stop.signal:
        click.echo(stopped, err=True)
        raise SystemExit(128 + stop.signal)
    return scored


class Bar:
    """Bars at the bottom of a terminal: one of the training, and one of the validation at work."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=30)),
            BarColumn(),
            MofNCompleteColumn(),
            _Measured(),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, highlight=False, emoji=False),
        )
        self._training: TaskID | None = None
        self._part = self._bars.add_task("", visible=False)
        self._what = ""  # the part at work

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._bars.update(self._part, visible=False)
        self._bars.stop()

    def show(self, step: Step) -> None:
        match step:
            case TrainStep():
                self._show_training(step)
            case Predicted():
                self._show_part(f"predicting {step.dataset}", step)
            case Worked():
                self._show_part(f"{step.what} {step.dataset}", step)
            case Validation():
                self._show_part(f"scoring {step.dataset}", step)
            case _ if text := _sentence(step):
                self._bars.console.print(text)

    def _show_training(self, step: TrainStep) -> None:
        if self._training is None:  # where it goes on, not at 0: the speed is that of this process
            self._training = self._bars.add_task("training", completed=step.iteration - 1, total=step.of)
        self._what = ""
        self._bars.update(self._part, visible=False)
        self._bars.update(self._training, completed=step.iteration, loss=step.loss)

    def _show_part(self, what: str, step: Predicted | Worked | Validation) -> None:
        if what != self._what:  # where it goes on, and with a speed of its own
            self._what = what
            self._bars.reset(self._part, total=step.of, completed=step.done, visible=True, description=what)
            self._bars.refresh()
        self._bars.update(self._part, completed=step.done)


class _Measured(ProgressColumn):
    """Speed and loss of the training."""

    def render(self, task: Task) -> Text:
        if "loss" not in task.fields:
            return Text()
        speed = task.finished_speed or task.speed
        return Text(f"{_loss_text(task.fields['loss'])}" + (f", {speed:.1f} it/s" if speed else ""))


class Lines:
    """A line every ten seconds, and the last."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._said = -math.inf
        self._said_part = time.monotonic()
        self._part = ("", 0.0, 0)  # the one at work, since when, and what was done then

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, step: Step) -> None:
        if isinstance(step, TrainStep):
            self._show_training(step)
        elif isinstance(step, Predicted | Worked):
            self._show_part(step)
        elif text := _sentence(step):
            click.echo(text, err=True)

    def _show_part(self, step: Predicted | Worked) -> None:
        now, what = time.monotonic(), step.what if isinstance(step, Worked) else "predicting"
        if self._part[0] != what:
            self._part = (what, now, step.done)
        _, began, first = self._part
        if now - self._said_part >= LINE_SECONDS:
            self._said_part = now
            speed = (step.done - first) / max(now - began, 1e-9)
            left = f", {timedelta(seconds=round((step.of - step.done) / speed))} left" if speed else ""
            click.echo(f"{what} {step.dataset}: block {step.done:,} of {step.of:,}{left}", err=True)

    def _show_training(self, step: TrainStep) -> None:
        now = time.monotonic()
        began, first = self._began = self._began or (now - step.seconds, step.iteration)
        if now - self._said < LINE_SECONDS and step.iteration < step.of:
            return
        self._said = now
        speed = (step.iteration - first + 1) / max(now - began, 1e-9)
        left = timedelta(seconds=round((step.of - step.iteration) / speed))
        counted = f"iteration {step.iteration:,} of {step.of:,}"
        click.echo(f"{counted}, {_loss_text(step.loss)}, {speed:.1f} it/s, {left} left", err=True)


def _sentence(step: Step) -> str:
    """What a person should read about the step; empty where a bar says it."""
    if isinstance(step, Notice):
        return step.text
    if isinstance(step, Saved) and step.best_by:
        return f"iteration {step.iteration:,} is the best so far by {', '.join(step.best_by)}"
    if isinstance(step, Applied) and step.segmentation is None:
        return f"predicted by the weights of iteration {step.iteration:,}; not segmented yet"
    if isinstance(step, Applied):
        parameters = " ".join(f"{name}={value}" for name, value in step.parameters.items())
        how = f" with {parameters}" if parameters else ""  # classes have none
        return f"applied the weights of iteration {step.iteration:,}, segmented{how}"
    return ""


def _loss_text(loss: float) -> str:
    return "step skipped: the loss was not finite" if math.isnan(loss) else f"loss {loss:.4f}"
