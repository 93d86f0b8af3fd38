"""What the pages that export and import have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.parts.progress_bar import ProgressBar
from napari_dacapo.widgets.work.background import Background
from napari_dacapo.widgets.work.worker import EngineWorker

WORKS = "It is at work; wait until it is done, or cancel it."
CANCELS = "Stop after this step. Nothing is left half-written."
CANCELLED = "Cancelled; nothing was changed."
STOPS = "It stops already."


class ExchangePage(QWidget):
    """A button below what is chosen; what it does is done beside the window, and told in a sentence."""

    imported = Signal()  # something that lists of records should show

    def __init__(self, workspace: Workspace, text: str, does: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self._does = does
        self._worker: EngineWorker | None = None  # while it is at work
        self.background = Background(self)
        self.button = QPushButton(text)
        self.progress = ProgressBar()
        self.progress.setRange(0, 0)  # how long it takes is not known
        self.cancel = QPushButton("Cancel")
        self.working = QWidget()
        self.working.hide()
        self.said = QLabel()
        self.said.setWordWrap(True)
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        self.column = QVBoxLayout(self)
        for widget in (self.button, self.working, self.said):
            self.column.addWidget(widget)
        self.button.clicked.connect(self.act)
        self.cancel.clicked.connect(self._on_cancel)
        self.background.failed.connect(self._on_failed)

    @property
    def problem(self) -> str:
        """Why nothing can be done; empty if it can."""
        raise NotImplementedError

    def act(self) -> None:
        """What the button does."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown."""
        return self.background.is_busy

    def put_above(self, *widgets: QWidget) -> None:
        """Lay them out above the button."""
        for place, widget in enumerate(widgets):
            self.column.insertWidget(place, widget)

    def show_state(self) -> None:
        allow(self.button, self._does, WORKS if self._worker else self.problem)
        self.working.setVisible(self._worker is not None)
        is_stopped = self._worker is not None and self._worker.abort_requested
        allow(self.cancel, CANCELS, STOPS if is_stopped else "")

    def work(
        self, work: Callable[..., Generator[Any, None, Any]], *args: Any, then: Callable[[Any], None]
    ) -> None:
        """Do it beside the window, saying what is being done."""
        self._worker = self.background.follow(
            work, self.workspace, *args, steps=self.take, then=then, stopped=self.on_cancelled
        )
        self.show_state()

    def take(self, steps: list[Any]) -> None:
        """Say what is being done."""
        notices = [step.text for step in steps if isinstance(step, Notice)]
        if notices and self.cancel.isEnabled():
            self.said.setText(notices[-1])

    def on_cancelled(self) -> None:
        """It was stopped before anything was written."""
        self.end(CANCELLED)

    def end(self, sentence: str) -> None:
        """What was begun is done."""
        self._worker = None
        self.said.setText(sentence)
        self.show_state()

    def end_import(self, sentence: str) -> None:
        """The same, where something new is there."""
        self.end(sentence)
        self.imported.emit()

    def _on_failed(self, error: DacapoError) -> None:
        self.end(str(error))

    def _on_cancel(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self.said.setText("Stops after this step …")
            self.show_state()
