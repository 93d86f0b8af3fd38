"""The page on which components are combined to runs, and runs wait, train and are looked after."""

from __future__ import annotations

import math
from functools import partial
from typing import cast

from qtpy.QtCore import QUrl, Signal
from qtpy.QtGui import QClipboard, QDesktopServices, QGuiApplication
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.combinations import COMPONENTS, component_type
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets import made_runs, saved_records
from napari_dacapo.widgets.background import Background
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.name_list import NameList
from napari_dacapo.widgets.question import Question
from napari_dacapo.widgets.queued_run import QueuedRun
from napari_dacapo.widgets.run_options import RunOptions, values_of
from napari_dacapo.widgets.table import Table
from napari_dacapo.widgets.training_queue import TrainingQueue

COLUMNS = ("run", "state", "iteration", "loss", "best score", "time left")
MOST_REPETITIONS = 1000


class RunsPage(QWidget):
    """Names of each component make runs; a table shows what becomes of them."""

    picked = Signal(str)  # the run whose row was clicked

    def __init__(self, workspace: Workspace, queue: TrainingQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = queue
        self.background = Background(self)
        self.lists = {component: NameList(component) for component in COMPONENTS}
        self.name = QLineEdit("run")
        self.name.setToolTip(
            "What the runs are called; where there are several, each gets what differs, too."
        )
        self.repetitions = QSpinBox()
        self.repetitions.setRange(1, MOST_REPETITIONS)
        self.repetitions.setToolTip("Equal runs, each with a random seed of its own.")
        self.options = Form(RunOptions)
        self.add = QPushButton()
        self.table = Table("runs", COLUMNS)
        self.question = Question()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.buttons = {
            text: QPushButton(text)
            for text in ("Resume", "Up", "Down", "Remove", "Delete", "Folder", "Copy command", "Copy Python")
        }
        self._lay_out()
        self._connect()
        self.refresh()
        self._show_runs()

    @property
    def run_values(self) -> dict[str, object]:
        """Start, iterations and so on. Raises UserInputError where something is wrong."""
        return values_of(self.options.value)

    def refresh(self) -> None:
        """Read anew which components are saved."""
        for component, names in self.lists.items():
            family = component_type(component)
            self.background.do(saved_records.names, self._workspace, family, then=names.show_names)

    def _lay_out(self) -> None:
        rows = QFormLayout()
        for component, names in self.lists.items():
            rows.addRow(component, names)
        rows.addRow("name", self.name)
        rows.addRow("repetitions", self.repetitions)
        column = QVBoxLayout(self)
        column.addLayout(rows)
        column.addWidget(self.options)
        column.addWidget(self.add)
        column.addWidget(self.table, 1)
        for keys in (("Resume", "Up", "Down", "Remove"), ("Delete", "Folder", "Copy command", "Copy Python")):
            row = QHBoxLayout()
            for key in keys:
                row.addWidget(self.buttons[key])
            column.addLayout(row)
        column.addWidget(self.question)
        column.addWidget(self.said)

    def _connect(self) -> None:
        for names in self.lists.values():
            names.chosen_changed.connect(self._count)
        self.repetitions.valueChanged.connect(self._count)
        self.options.changed.connect(self._count)
        self.add.clicked.connect(self._add)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.background.failed.connect(self._say_failure)
        self._queue.reordered.connect(self._show_runs)
        self._queue.unfinished_found.connect(self._show_runs)
        self._queue.changed.connect(self._show_run)
        for text, act in (
            ("Resume", self._resume),
            ("Up", partial(self._move, -1)),
            ("Down", partial(self._move, 1)),
            ("Remove", self._remove),
            ("Delete", self._ask_to_delete),
            ("Folder", self._open_folder),
            ("Copy command", partial(self._copy, made_runs.command_of)),
            ("Copy Python", partial(self._copy, made_runs.python_of)),
        ):
            self.buttons[text].clicked.connect(lambda _=False, act=act: act())

    def _count(self) -> None:
        missing = [component for component, names in self.lists.items() if not names.chosen]
        count = math.prod(len(names.chosen) for names in self.lists.values()) * self.repetitions.value()
        reason = f"Choose a saved {missing[0]} first." if missing else ""
        reason = reason or (str(self.options.problems[0]) if self.options.problems else "")
        self.add.setEnabled(not reason)
        self.add.setText("Add to the queue" if count <= 1 else f"Add {count} runs to the queue")
        self.add.setToolTip(reason or "Save the runs and train them one after another.")

    def _add(self) -> None:
        chosen = {component: names.chosen for component, names in self.lists.items()}
        work = partial(
            made_runs.save_combinations,
            self._workspace,
            self.name.text().strip(),
            chosen,
            self.repetitions.value(),
            self.run_values,
        )
        self.background.do(work, then=self._enqueue)

    def _enqueue(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._queue.add(name)

    def _show_runs(self) -> None:
        queued = {run.name: run for run in self._queue.runs}
        waiting = [each for each in self._queue.unfinished if each.name not in queued]
        kept = self._selected
        self.table.setRowCount(len(queued) + len(waiting))
        for row, run in enumerate(queued.values()):
            self._fill(row, run)
        for row, each in enumerate(waiting, start=len(queued)):
            self.table.write(row, (each.name, "unfinished", f"{each.iteration:,} of {each.of:,}", "", "", ""))
        self._select(kept)
        self._enable()

    def _show_run(self, name: str) -> None:
        run = self._queue.run(name)
        row = self._row_of(name)
        if run is not None and row is not None:
            self._fill(row, run)
        self._enable()

    def _fill(self, row: int, run: QueuedRun) -> None:
        loss = "" if run.last is None else f"{run.last.loss:.4f}"
        best = "" if run.best is None else f"{run.best.criterion} {run.best.score:.4f}"
        iteration = f"{run.done:,} of {run.of:,}" if run.of else ""
        self.table.write(row, (run.name, run.state, iteration, loss, best, readable_time(run.seconds_left)))
        self.table.cell(row, 1).setToolTip(run.details or run.sentence)

    @property
    def _selected(self) -> str:
        row = self.table.picked
        return "" if row is None else self.table.cell(row, 0).text()

    def _row_of(self, name: str) -> int | None:
        rows = range(self.table.rowCount())
        return next((row for row in rows if self.table.cell(row, 0).text() == name), None)

    def _select(self, name: str) -> None:
        row = self._row_of(name) if name else None
        if row is not None:
            self.table.selectRow(row)

    def _on_selected(self) -> None:
        self._enable()
        if self._selected:
            run = self._queue.run(self._selected)
            self.said.setText(run.sentence if run is not None else "It was not trained to its end.")
            self.picked.emit(self._selected)

    def _enable(self) -> None:
        run = self._queue.run(self._selected) if self._selected else None
        state = "" if not self._selected else "unfinished" if run is None else run.state
        idle = state in ("unfinished", "stopped", "failed", "finished")
        for text, possible in (
            ("Resume", idle),
            ("Up", state == "waiting"),
            ("Down", state == "waiting"),
            ("Remove", idle or state == "waiting"),
            ("Delete", idle),
            ("Folder", bool(state)),
            ("Copy command", bool(state)),
            ("Copy Python", bool(state)),
        ):
            self.buttons[text].setEnabled(possible)

    def _resume(self) -> None:
        self._queue.add(self._selected)

    def _move(self, by: int) -> None:
        move = self._queue.move_up if by < 0 else self._queue.move_down
        move(self._selected)

    def _remove(self) -> None:
        try:
            self._queue.remove(self._selected)
        except UserInputError as error:
            self._say_failure(error)

    def _ask_to_delete(self) -> None:
        name = self._selected
        text = f"Delete {name} with its weights, curves and predictions? This cannot be undone."
        self.question.ask(text, "Delete", partial(self._delete, name))

    def _delete(self, name: str) -> None:
        self._queue.remove(name)
        self.background.do(made_runs.delete, self._workspace, name, then=self._on_deleted)

    def _on_deleted(self, name: str) -> None:
        self._queue.forget(name)
        self.said.setText(f"{name} is deleted.")

    def _open_folder(self) -> None:
        folder = self._workspace.run_folder(self._selected)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _copy(self, text_of: made_runs.TextOf) -> None:
        cast(QClipboard, QGuiApplication.clipboard()).setText(text_of(self._workspace, self._selected))
        self.said.setText("Copied.")

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))


def readable_time(seconds: float) -> str:
    """75 is "1:15"; empty for what is not known."""
    if not math.isfinite(seconds) or seconds <= 0:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
