"""The part of the dock that is always seen: train, pause, stop, and how it goes."""

from __future__ import annotations

import math

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.parts.progress_bar import ProgressBar
from napari_dacapo.widgets.parts.question import Question
from napari_dacapo.widgets.parts.sentence import Sentence
from napari_dacapo.widgets.plots.curve import Curve
from napari_dacapo.widgets.plots.plot import TrainingPlot
from napari_dacapo.widgets.training.queued_run import QueuedRun
from napari_dacapo.widgets.training.queued_work import Begun, FollowedStep, Scored
from napari_dacapo.widgets.training.runs_page import readable_time
from napari_dacapo.widgets.training.training_queue import TrainingQueue
from napari_dacapo.widgets.training.unfinished_runs import UnfinishedRuns

PLOT_HEIGHT = 150  # pixels at the most; less where the window is low
NOTHING_TRAINS = "Nothing trains."


class Footer(QWidget):
    """Shows the run that trains; without one, the one that trained last."""

    train = Signal()

    def __init__(self, queue: TrainingQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._name = ""  # of the run that is shown
        self.train_button = QPushButton("Train")
        self.pause_button = QPushButton("Pause")
        self.stop_button = QPushButton("Stop")
        self.cancel_button = QPushButton("Cancel")
        self.progress = ProgressBar()
        self.progress.setFormat("")
        self.said = Sentence(NOTHING_TRAINS)
        self.obstacle = QLabel()
        self.obstacle.setWordWrap(True)
        self.obstacle.hide()
        self.plot = TrainingPlot()
        self.plot.setMaximumHeight(PLOT_HEIGHT)
        self.question = Question()
        self.unfinished = UnfinishedRuns(queue, self)
        for widget in self._of_a_training:
            widget.hide()  # before there is one, the pages have their room
        self._lay_out()
        self._connect()
        self._show_buttons(None)

    def allow_training(self, reason: str) -> None:
        """Train can be pressed unless there is a reason against it, which is shown."""
        allow(self.train_button, "Save the components, make a run of them and train it.", reason)
        self.obstacle.setText(f"Train waits for the {reason.partition('. ')[0].rstrip(' .…')}.")
        self.obstacle.setVisible(bool(reason))

    def say(self, text: str) -> None:
        self.said.setText(text)

    @property
    def _of_a_training(self) -> tuple[QWidget, ...]:
        return self.plot, self.progress

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.train_button, self.pause_button, self.stop_button, self.cancel_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        column.addWidget(self.progress)
        column.addWidget(self.said)
        column.addWidget(self.question)
        column.addWidget(self.unfinished)
        column.addWidget(self.obstacle)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.train_button.clicked.connect(self.train)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.stop_button.clicked.connect(self._queue.stop)
        self.cancel_button.clicked.connect(self._ask_to_cancel)
        self._queue.changed.connect(self._on_changed)
        self._queue.steps.connect(self._on_steps)

    def _pause_or_resume(self) -> None:
        active = self._queue.active
        if active is not None and active.state == "paused":
            self._queue.resume()
        else:
            self._queue.pause()

    def _ask_to_cancel(self) -> None:
        text = f"Stop {self._name} and delete all that it learned? This cannot be undone."
        self.question.ask(text, "Delete it", self._queue.cancel)

    def _on_changed(self, name: str) -> None:
        run = self._queue.run(name)
        if run is None or (not run.is_active and name != self._name):
            return
        self._name = name
        for widget in self._of_a_training:
            widget.show()
        self.progress.setRange(0, max(1, run.of))
        self.progress.setValue(run.done)
        self.said.setText(sentence_of(run))
        self._show_buttons(run)

    def _show_buttons(self, run: QueuedRun | None) -> None:
        state = "" if run is None else run.state
        self.pause_button.setText("Resume" if state == "paused" else "Pause")
        for button, does in (
            (self.pause_button, "Let the training rest; it keeps its memory."),
            (self.stop_button, "Stop after this step and save; it can go on later."),
            (self.cancel_button, "Stop and delete what was trained; asks first."),
        ):
            button.setEnabled(state in ("running", "paused"))
            button.setToolTip(does if button.isEnabled() else NOTHING_TRAINS)

    def _on_steps(self, name: str, steps: list[FollowedStep]) -> None:
        curve = self.plot.curve(name)
        for step in steps:
            if isinstance(step, Begun):
                curve = self._begun(name, step)
            elif isinstance(step, Scored):
                self.plot.set_score_name(step.criterion)
                curve = curve.with_score(step.iteration, step.score, step.is_best)
        trained = [step for step in steps if isinstance(step, TrainStep)]
        curve = curve.with_losses([s.iteration for s in trained], [s.loss for s in trained])
        self.plot.set_curve(curve)

    def _begun(self, name: str, step: Begun) -> Curve:
        """What was measured before; the curves of other runs go."""
        self.plot.set_curves(())
        curve = Curve(name, np.asarray(step.iterations, float), np.asarray(step.losses, float))
        for scored in step.scored:
            curve = curve.with_score(scored.iteration, scored.score, scored.is_best)
        return curve


def sentence_of(run: QueuedRun) -> str:
    """What it does, how fast, and how long still."""
    speed, left = run.pace.iterations_per_second, readable_time(run.seconds_left)
    parts = [f"{run.name}: {run.sentence}"]
    if run.is_active and math.isfinite(speed):
        parts.append(f"{speed:.2g} iterations/s" + (f", {left} left." if left else "."))
    if run.is_active and run.last is not None:
        parts.append(f"On {run.last.device}, {run.last.memory / 2**30:.2g} GiB.")
    if run.best is not None:
        parts.append(f"Best {run.best.criterion} {run.best.score:.4f} at {run.best.iteration:,}.")
    if run.notice:
        parts.append(run.notice)
    return " ".join(parts)
