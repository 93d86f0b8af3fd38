"""What the pages that export and import have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.work.background import Background

WORKS = "It is at work; wait until it is done."


class ExchangePage(QWidget):
    """A button below what is chosen; what it does is done beside the window, and told in a sentence."""

    imported = Signal()  # something that lists of records should show

    def __init__(self, workspace: Workspace, text: str, does: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self._does = does
        self._works = False
        self.background = Background(self)
        self.button = QPushButton(text)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)  # how long it takes is not known
        self.progress.hide()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.column = QVBoxLayout(self)
        for widget in (self.button, self.progress, self.said):
            self.column.addWidget(widget)
        self.button.clicked.connect(self.act)
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
        allow(self.button, self._does, WORKS if self._works else self.problem)

    def work(self, sentence: str, work: Callable[..., Any], *args: Any, then: Callable[[Any], None]) -> None:
        """Do it beside the window, saying so meanwhile."""
        self._show_work(True)
        self.said.setText(sentence)
        self.background.do(work, self.workspace, *args, then=then)

    def end(self, sentence: str) -> None:
        """What was begun is done."""
        self.said.setText(sentence)
        self._show_work(False)

    def _on_failed(self, error: DacapoError) -> None:
        self.end(str(error))

    def _show_work(self, works: bool) -> None:
        self._works = works
        self.progress.setVisible(works)
        self.show_state()
