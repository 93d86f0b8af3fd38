"""The sliders of a row's post-processing, and what the segmentation is worth as they move."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.results.parameters import readable_parameters
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Parameters
from napari_dacapo.widgets.results import scored_runs
from napari_dacapo.widgets.results.parameter_sliders import ParameterSliders
from napari_dacapo.widgets.results.scored_runs import Resegmented, ScoredRun, ScoreRow
from napari_dacapo.widgets.work.background import Background
from napari_dacapo.widgets.work.newest import Newest

NOTHING = "Select a row of the table to change the parameters of its post-processing."
BETTER, WORSE = "\u25b2", "\u25bc"


class Adjusting(QWidget):
    """Moving a slider segments the row's validation data anew; what was stored stays as it is."""

    segmented = Signal(object, object)  # the ScoreRow and a Resegmented

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._row: ScoreRow | None = None
        self._turn = 0  # how often a row was shown
        self._run: ScoredRun | None = None
        self._criteria: tuple[Criterion, ...] = ()
        self.background = Background(self)
        self.newest = Newest(self)
        self.sliders = ParameterSliders()
        self.said = QLabel(NOTHING)
        self.said.setWordWrap(True)
        self.applied = QLabel()
        self.applied.setWordWrap(True)
        self.use = QPushButton("Use these")
        self.use_best = QPushButton("Use the best")
        self._lay_out()
        self.sliders.moved.connect(self._segment)
        self.use.clicked.connect(lambda: self._choose(self.sliders.parameters))
        self.use_best.clicked.connect(lambda: self._choose(None))
        self.background.failed.connect(self._say_failure)
        self.newest.failed.connect(self._say_failure)
        self._enable(False)

    @property
    def is_busy(self) -> bool:
        return self.background.is_busy or self.newest.is_busy

    def show_row(self, run: ScoredRun | None, row: ScoreRow | None) -> None:
        """Sliders at the parameters of a row."""
        if (row and row.key) == (self._row and self._row.key):
            return
        self._row = row
        self._turn += 1
        self.newest.forget()
        if run is None or row is None:
            self.said.setText(NOTHING)
            self.applied.setText("")
            self.sliders.setVisible(False)
            self._enable(False)
            return
        self._run, self._criteria = run, run.criteria
        self.sliders.show_parameters(run.ranges, row.parameters)
        self.sliders.setVisible(True)
        possible = row.kept and bool(self.sliders.sliders)
        self.sliders.setEnabled(possible)
        self._enable(possible)
        self.said.setText(_told(self._criteria, row.scores, row.scores) if possible else _obstacle(row))
        self.background.do(scored_runs.chosen, self._workspace, row.run, then=self._show_applied)

    def put_back(self) -> None:
        """The sliders to the parameters of the row; what is being segmented is not shown any more."""
        run, row = self._run, self._row
        self.show_row(None, None)
        self.show_row(run, row)

    def _lay_out(self) -> None:
        self.said.setToolTip(f"{BETTER} is better than the row that is selected, {WORSE} is worse.")
        self.use.setToolTip("Keep these parameters with the run: it is applied with them from now on.")
        self.use_best.setToolTip("Apply the run with the parameters that were best in its validation.")
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addWidget(self.use_best)
        moved = QWidget()
        inner = QVBoxLayout(moved)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.sliders)
        inner.addWidget(self.said)
        inner.addStretch(1)
        scrolled = QScrollArea()
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setWidgetResizable(True)
        scrolled.setMinimumHeight(2 * self.fontMetrics().height())  # a low window shall hold the page
        scrolled.setWidget(moved)
        column = QVBoxLayout(self)
        column.addWidget(scrolled, 1)
        column.addLayout(buttons)
        column.addWidget(self.applied)
        self.sliders.setVisible(False)

    def _enable(self, possible: bool) -> None:
        self.use.setEnabled(possible)
        self.use_best.setEnabled(possible)

    def _segment(self) -> None:
        row = self._row
        if row is not None:
            self.said.setText("Segments …")
            work, parameters = scored_runs.segment_again, self.sliders.parameters
            then = partial(self._show, self._turn, row)
            self.newest.wish(work, self._workspace, row, parameters, then=then)

    def _show(self, turn: int, row: ScoreRow, made: Resegmented) -> None:
        if turn == self._turn:
            self.said.setText(_told(self._criteria, made.scores, row.scores))
            self.segmented.emit(row, made)

    def _choose(self, parameters: Parameters | None) -> None:
        if self._row is not None:
            work = scored_runs.choose
            self.background.do(work, self._workspace, self._row.run, parameters, then=self._show_applied)

    def _show_applied(self, parameters: Parameters | None) -> None:
        if self._row is not None:
            told = "the best of its validation" if parameters is None else readable_parameters(parameters)
            self.applied.setText(f"{self._row.run} is applied with {told}.")

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))


def _obstacle(row: ScoreRow) -> str:
    if not row.kept:
        return (
            "The prediction of this iteration is not kept. Select a row of the last or of the best iteration."
        )
    return "This post-processing has no parameters."


def _told(criteria: tuple[Criterion, ...], scores: Mapping[str, float], before: Mapping[str, float]) -> str:
    """Every score, with what became of it."""
    parts = []
    for criterion in criteria:
        now, then = scores.get(criterion.name, math.nan), before.get(criterion.name, math.nan)
        mark = f" {BETTER}" if criterion.better(now, then) and not math.isnan(then) else ""
        mark = mark or (f" {WORSE}" if criterion.better(then, now) and not math.isnan(now) else "")
        parts.append(f"{criterion.name} {'none' if math.isnan(now) else f'{now:.4f}'}{mark}")
    return "   ".join(parts)
