"""The page on which components are combined to runs, and runs wait, train and are looked after."""

from __future__ import annotations

import math
from functools import partial
from typing import cast

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QClipboard, QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.exchange.exchange_row import ExchangeRow
from napari_dacapo.widgets.parts.name_question import NameQuestion
from napari_dacapo.widgets.parts.question import Question
from napari_dacapo.widgets.parts.table import Table
from napari_dacapo.widgets.parts.wrapped import Wrapped
from napari_dacapo.widgets.training import made_runs
from napari_dacapo.widgets.training.new_runs import NewRuns
from napari_dacapo.widgets.training.queued_run import QueuedRun
from napari_dacapo.widgets.training.stored_runs import Stored, StoredRun, stored_runs
from napari_dacapo.widgets.training.training_queue import TrainingQueue
from napari_dacapo.widgets.work.background import Background
from napari_dacapo.widgets.work.newest import Newest

NONE_YET = (
    "Train, below, makes a run of what pages 1 to 4 show. For several runs choose saved components above, "
    "then press Add to the queue."
)
COLUMNS = ("run", "state", "iteration", "loss", "best score", "time left")
BUTTONS = {
    "Resume": "Let the run wait for its turn to train; it goes on where it stopped.",
    "Stop": "Stop it after this step and save; it can go on later.",
    "Up": "Train it before the one that waits before it.",
    "Down": "Train it after the one that waits after it.",
    "Remove": "Take it off the queue; what it learned stays.",
    "Rename": "Give the run another name; runs that start from it follow.",
    "Delete": "Delete the run with its weights, curves and predictions; asks first.",
    "Folder": "Open the folder of the run.",
    "Copy command": "Copy the command line that makes the same run train.",
    "Copy Python": "Copy the Python that makes the same run train.",
}


class RunsPage(QWidget):
    """Names of each component make runs; a table shows what becomes of them."""

    picked = Signal(str)  # the run whose row was clicked

    def __init__(self, workspace: Workspace, queue: TrainingQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = queue
        self.background = Background(self)
        self.new = NewRuns(workspace)
        self.table = Table("runs", COLUMNS)
        self.question = Question()
        self.name_question = NameQuestion()
        self.said = QLabel(NONE_YET)
        self.said.setWordWrap(True)
        self.buttons = {text: QPushButton(text) for text in BUTTONS}
        self.exchange = ExchangeRow(workspace)
        self._stored: Stored = {}
        self._reading = Newest(self)
        self._lay_out()
        self._connect()
        self.refresh()
        self._show_runs()

    def refresh(self) -> None:
        """Read anew which components are saved, and how the runs stand."""
        self.new.refresh()
        self._read_runs()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown."""
        return self.background.is_busy or self._reading.is_busy or self.new.is_busy

    def _lay_out(self) -> None:
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.new)
        parts.addWidget(self.table)
        parts.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.addWidget(parts, 1)
        whole.addLayout(Wrapped(self.buttons.values()))
        whole.addWidget(self.exchange)
        whole.addWidget(self.question)
        whole.addWidget(self.name_question)
        whole.addWidget(self.said)

    def _connect(self) -> None:
        self.new.saved.connect(self._enqueue)
        self.new.failed.connect(self._say_failure)
        self.new.where.changed.connect(self._on_where)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.background.failed.connect(self._say_failure)
        self._queue.reordered.connect(self._show_runs)
        self._queue.reordered.connect(self._read_runs)
        self._reading.failed.connect(self._say_failure)
        self._queue.changed.connect(self._show_run)
        self.exchange.imported.connect(self.refresh)
        for text, act in (
            ("Resume", self._resume),
            ("Stop", self._stop),
            ("Up", partial(self._move, -1)),
            ("Down", partial(self._move, 1)),
            ("Remove", self._remove),
            ("Rename", self._ask_for_name),
            ("Delete", self._ask_to_delete),
            ("Folder", self._open_folder),
            ("Copy command", partial(self._copy, made_runs.command_of)),
            ("Copy Python", partial(self._copy, made_runs.python_of)),
        ):
            self.buttons[text].clicked.connect(lambda _=False, act=act: act())

    def _enqueue(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._queue.add(name)

    def _read_runs(self) -> None:
        self._reading.wish(stored_runs, self._workspace, self._stored, then=self._take_stored)

    def _take_stored(self, stored: Stored) -> None:
        self._stored = stored
        self.new.know(stored)
        self._show_runs()

    def _show_runs(self) -> None:
        """The queue in its order, then what the disk has besides."""
        queued = {run.name: run for run in self._queue.runs}
        others = [run for name, run in self._stored.items() if self._queue.run(name) is None]
        kept = self._selected
        self.table.setRowCount(len(queued) + len(others))
        for row, run in enumerate(queued.values()):
            self._fill(row, run)
        for row, other in enumerate(others, start=len(queued)):
            self._fill_stored(row, other)
        self._select(kept)
        self._enable()
        if not self.table.rowCount():
            self.said.setText(NONE_YET)
        elif self.said.text() == NONE_YET:
            self.said.clear()

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

    def _fill_stored(self, row: int, run: StoredRun) -> None:
        loss = "" if math.isnan(run.loss) else f"{run.loss:.4f}"
        best = "" if math.isnan(run.score) else f"{run.criterion} {run.score:.4f}"
        iteration = f"{run.done:,} of {run.of:,}" if run.of else ""
        self.table.write(row, (run.name, run.state, iteration, loss, best, ""))
        self.table.cell(row, 1).setToolTip(run.sentence)

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
            run = self._queue.run(self._selected) or self._stored.get(self._selected)
            self.said.setText("" if run is None else run.sentence)
            self.picked.emit(self._selected)

    @property
    def _state(self) -> str:
        """Of the run that is selected; empty where none is."""
        run = self._queue.run(self._selected) or self._stored.get(self._selected)
        return "" if run is None else run.state

    def _enable(self) -> None:
        state = self._state
        idle = state in ("new", "imported", "unfinished", "stopped", "failed", "finished")
        self.buttons["Resume"].setText("Train" if state in ("new", "imported") else "Resume")
        self.exchange.offer(self._selected, state)
        for text, possible in (
            ("Resume", idle and state != "finished"),
            ("Stop", state in ("running", "paused", "on cluster")),
            ("Up", state == "waiting"),
            ("Down", state == "waiting"),
            ("Remove", self._queue.run(self._selected) is not None and (idle or state == "waiting")),
            ("Rename", idle),
            ("Delete", idle or state == "unreadable"),
            ("Folder", bool(state)),
            ("Copy command", bool(state)),
            ("Copy Python", bool(state)),
        ):
            reason = f"Not for a run that is {state}." if state else "Select a run first."
            self.buttons[text].setEnabled(possible)
            self.buttons[text].setToolTip(BUTTONS[text] if possible else reason)

    def _on_where(self) -> None:
        self._queue.cluster = self.new.where.cluster

    def _stop(self) -> None:
        if self._state == "on cluster":
            self._queue.stop_on_cluster(self._selected)
        else:
            self._queue.stop()

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

    def _ask_for_name(self) -> None:
        name = self._selected
        self.name_question.ask_name(
            f"What is {name} to be called?", "Rename", name, partial(self._rename, name)
        )

    def _rename(self, name: str, new_name: str) -> None:
        if new_name != name:
            work = partial(made_runs.rename, self._workspace, name, new_name)
            self.background.do(work, then=partial(self._on_renamed, name, new_name))

    def _on_renamed(self, name: str, new_name: str, followers: tuple[str, ...]) -> None:
        self._queue.remove(name)
        self._queue.forget(name)
        self._read_runs()
        also = f" {', '.join(followers)} start from it still." if followers else ""
        self.said.setText(f"{name} is called {new_name} now.{also}")

    def _ask_to_delete(self) -> None:
        name = self._selected
        text = f"Delete {name} with its weights, curves and predictions? This cannot be undone."
        self.question.ask(text, "Delete", partial(self._delete, name))

    def _delete(self, name: str) -> None:
        self._queue.remove(name)
        self.background.do(made_runs.delete, self._workspace, name, then=self._on_deleted)

    def _on_deleted(self, name: str) -> None:
        self._queue.forget(name)
        self._read_runs()
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
