"""The page of the scores: every validation of a run, and its predictions as layers."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets import saved_records, scored_runs
from napari_dacapo.widgets.background import Background
from napari_dacapo.widgets.scored_runs import ScoredRun, ScoreRow, Shown
from napari_dacapo.widgets.shown_layers import show
from napari_dacapo.widgets.table import Table

if TYPE_CHECKING:
    from napari.components import ViewerModel


class NumberItem(QTableWidgetItem):
    """A score that sorts by its value."""

    def __init__(self, value: float) -> None:
        super().__init__("" if math.isnan(value) else f"{value:.4f}")
        self.value = value

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, NumberItem) and self.value < other.value


class ResultsPage(QWidget):
    """A row for each validation of a run; a double click opens what was predicted there."""

    def __init__(self, viewer: ViewerModel, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._workspace = workspace
        self._rows: tuple[ScoreRow, ...] = ()
        self.background = Background(self)
        self.runs = QComboBox()
        self.runs.setAccessibleName("run")
        self.table = Table("scores")
        self.prediction = QPushButton("Show prediction")
        self.objects = QPushButton("Show scores as layers")
        self.worst = QPushButton("Next worst object")
        self.said = QLabel("Train a run to see its scores.")
        self.said.setWordWrap(True)
        self._worst: list[tuple[float, ...]] = []
        self._lay_out()
        self.runs.activated.connect(lambda _: self.open(self.runs.currentText()))
        self.table.itemDoubleClicked.connect(lambda _: self.show_prediction())
        self.table.itemSelectionChanged.connect(self._enable)
        self.prediction.clicked.connect(self.show_prediction)
        self.objects.clicked.connect(self.show_scores)
        self.worst.clicked.connect(self.go_to_next_worst)
        self.background.failed.connect(self._say_failure)
        self.refresh()
        self._enable()

    def refresh(self) -> None:
        """Read anew which runs there are, and the scores of the one that is shown."""
        self.background.do(saved_records.names, self._workspace, Run, then=self._show_names)

    def open(self, name: str) -> None:
        """Show the scores of a run."""
        self.background.do(scored_runs.scores_of, self._workspace, name, then=self._show_scores)

    def show_prediction(self) -> None:
        """Open prediction and segmentation of the chosen row as layers."""
        self._show("prediction", scored_runs.prediction_layers)

    def show_scores(self) -> None:
        """Open the truth coloured by how well it was found."""
        self._show("scores", scored_runs.score_layers)

    def go_to_next_worst(self) -> None:
        """Move the viewer to the worst object that was not looked at yet."""
        if self._worst:
            place = self._worst.pop(0)
            self._viewer.camera.center = place
            self._viewer.dims.set_point(range(len(place)), place)
            self.said.setText(f"{len(self._worst)} more.")

    def _lay_out(self) -> None:
        self.objects.setToolTip("The truth coloured by IoU, split and merged objects, errors by class.")
        buttons = QHBoxLayout()
        for button in (self.prediction, self.objects, self.worst):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.runs)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        column.addWidget(self.said)

    def _show_names(self, names: tuple[str, ...]) -> None:
        shown = self.runs.currentText()
        self.runs.clear()
        self.runs.addItems(list(names))
        if shown in names:
            self.runs.setCurrentText(shown)
        if self.runs.currentText():
            self.open(self.runs.currentText())

    def _show_scores(self, scored: ScoredRun) -> None:
        self.runs.setCurrentText(scored.name)
        self._rows = scored.rows
        self.table.setSortingEnabled(False)
        columns = ("dataset", "iteration", "parameters", *scored.criteria)
        self.table.name_columns(columns)
        self.table.setRowCount(len(scored.rows))
        for number, row in enumerate(scored.rows):
            self._fill(number, row)
        self.table.setSortingEnabled(True)
        self.said.setText(scored.sentence)
        self._enable()

    def _fill(self, number: int, row: ScoreRow) -> None:
        parameters = ", ".join(f"{name} {value:g}" for name, value in row.parameters.items())
        items = [
            QTableWidgetItem(row.dataset),
            QTableWidgetItem(f"{row.iteration:9,}"),
            QTableWidgetItem(parameters),
        ]
        items += [NumberItem(score) for score in row.scores]
        for column, item in enumerate(items):
            item.setData(Qt.ItemDataRole.UserRole, number)
            if column >= 3 and row.best[column - 3]:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                item.setToolTip("The best of this run.")
            self.table.setItem(number, column, item)

    @property
    def _chosen(self) -> ScoreRow | None:
        picked = self.table.picked
        if picked is None:
            return None
        number: int = self.table.cell(picked, 0).data(Qt.ItemDataRole.UserRole)
        return self._rows[number]

    def _enable(self) -> None:
        row = self._chosen
        for button in (self.prediction, self.objects):
            button.setEnabled(row is not None)
        self.worst.setEnabled(bool(self._worst))

    def _show(self, key: str, work: scored_runs.LayersOf) -> None:
        row = self._chosen
        if row is not None:
            name = self.runs.currentText()
            self.said.setText("Opens …")
            self.background.do(work, self._workspace, name, row, then=partial(self._add, key))

    def _add(self, key: str, shown: Shown) -> None:
        show(self._viewer, f"{key}/{shown.title}", shown.layers)
        self._worst = list(shown.worst)
        self.said.setText(shown.title)
        self._enable()

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))
