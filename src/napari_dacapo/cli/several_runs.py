"""Runs that train side by side, as they are watched."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from napari_dacapo.cli.failures import say
from napari_dacapo.cli.progress import LINE_SECONDS
from napari_dacapo.cli.stopping import stoppable
from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.steps import Ended, Notice, RunStep, Sent, TrainStep
from napari_dacapo.experiments.training.side_by_side import SideBySide
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.clusters.cluster import Cluster

ASK_SECONDS = 0.5  # from one look at the runs to the next

Failures = dict[str, DacapoError | OSError]


def train_side_by_side(
    cluster: Cluster, workspace: Workspace, names: Iterable[str], device: str, threads: int | None
) -> Failures:
    """Train all of them and return what failed. A signal stops and saves them, then ends the process."""
    failures: Failures = {}
    with stoppable() as stop, cluster.connect() as client, SeveralRuns() as display:
        work = SideBySide(client, workspace, device, threads)
        for name in names:
            work.add(name)
        while not work.is_idle:
            for name, step in work.news():
                stop.begun = True
                display.show(name, step)
                if isinstance(step, Ended) and step.failure is not None:
                    failures[name] = step.failure
            if stop.signal:
                work.stop_all()
            time.sleep(ASK_SECONDS)
    if stop.signal:
        click.echo("stopped and saved; the same command goes on from here", err=True)
        raise SystemExit(128 + stop.signal)
    return failures


class SeveralRuns(ExitStack):
    """A bar a run on a terminal; in a log file a line a run now and then."""

    def __init__(self) -> None:
        super().__init__()
        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        loss = TextColumn("{task.fields[loss]}", markup=False)
        self._bars = Progress(*columns, loss, TimeRemainingColumn(), console=console)
        self._known: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}
        if console.is_terminal:
            self.enter_context(self._bars)

    def show(self, name: str, step: RunStep) -> None:
        match step:
            case TrainStep():
                self._show_training(name, step)
            case Sent():
                self._say(f"{name}: trains on {step.worker}")
            case Notice():
                self._say(f"{name}: {step.text}")
            case Ended():
                self._show_end(name, step)

    def _show_training(self, name: str, step: TrainStep) -> None:
        loss = "skipped" if math.isnan(step.loss) else f"loss {step.loss:.4f}"
        if name not in self._known:
            first = step.iteration - 1
            self._known[name] = self._bars.add_task(name, completed=first, total=step.of, loss=loss)
        self._bars.update(self._known[name], completed=step.iteration, loss=loss)
        if time.monotonic() - self._said.get(name, -math.inf) >= LINE_SECONDS:
            self._said[name] = time.monotonic()
            if not self._bars.console.is_terminal:
                self._say(f"{name}: iteration {step.iteration:,} of {step.of:,}, {loss}")

    def _show_end(self, name: str, step: Ended) -> None:
        if step.failure is not None:
            say(step.failure)
        told = "failed" if step.failure is not None else "trained" if step.completed else "stopped"
        self._say(f"{name}: {told}")

    def _say(self, text: str) -> None:
        """Above the bars, where there are any."""
        if self._bars.console.is_terminal:
            self._bars.console.print(text)
        else:
            click.echo(text, err=True)
