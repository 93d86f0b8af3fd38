"""Text of several lines, as high as what stands in it."""

from __future__ import annotations

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QPlainTextEdit, QSizePolicy

MOST_LINES = 8
AROUND = 14  # margin of the text and padding, in pixels
STYLE = "background: #40808080; border-radius: 2px; padding: 2px;"  # napari styles no such widget


class Lines(QPlainTextEdit):
    """Like a line edit: `textEdited` is what a person did. Tab goes on to the next field."""

    textEdited = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setStyleSheet(STYLE)
        self.setPlaceholderText("one a line")
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._on_changed)

    def text(self) -> str:
        return self.toPlainText()

    def setText(self, text: str | None) -> None:
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        lines = min(MOST_LINES, self.blockCount())
        return QSize(80, lines * self.fontMetrics().lineSpacing() + 2 * self.frameWidth() + AROUND)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _on_changed(self) -> None:
        self.updateGeometry()
        self.textEdited.emit(self.text())
