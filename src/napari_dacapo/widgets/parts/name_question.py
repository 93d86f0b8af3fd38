"""A name asked for in the page itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from qtpy.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from napari_dacapo.widgets.parts.question import Question


class NameQuestion(Question):
    """A sentence, a line with a name to be changed, and the answers. Return is the answer, too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setAccessibleName("new name")
        cast(QVBoxLayout, self.layout()).insertWidget(1, self.line)
        self.line.returnPressed.connect(self.yes.click)

    def ask_name(self, text: str, answer: str, name: str, act: Callable[[str], None]) -> None:
        """Show the question; `act` is called with what was typed if the answer is pressed."""
        self.ask(text, answer, lambda: act(self.line.text().strip()))
        self.line.setText(name)
        self.line.selectAll()
        self.line.setFocus()
