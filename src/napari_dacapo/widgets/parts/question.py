"""A question asked in the page itself, in place of a box that blocks the window."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


class Question(QWidget):
    """A sentence with answers below it; hidden until something is asked. Escape is the answer no.

    What is asked deletes or replaces something, so the answer that has the focus is no.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.yes = QPushButton()
        self.no = QPushButton("Cancel")
        answers = QHBoxLayout()
        for button in (self.yes, self.no):
            answers.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        column.addLayout(answers)
        self._act: Callable[[], None] | None = None
        self.yes.clicked.connect(self._on_yes)
        self.no.clicked.connect(self.hide)
        self.hide()

    def ask(self, text: str, answer: str, act: Callable[[], None]) -> None:
        """Show the question; `act` is called if the answer is pressed."""
        self.text.setText(text)
        self.yes.setText(answer)
        self._act = act
        self.show()
        self.no.setFocus()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Qt's, of keys that the buttons do not take."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _on_yes(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()
