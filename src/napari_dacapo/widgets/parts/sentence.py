"""Words that change often, as those of progress do."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QLabel, QWidget


class Sentence(QWidget):
    """A label that breaks its lines. The window is laid out anew only where it needs another number of them.

    A plain label has that done for each new text, and with it all of napari's window is drawn once more.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(text, self)  # in no layout, which would pass it on
        self._label.setWordWrap(True)
        self.setSizePolicy(self._label.sizePolicy())

    def text(self) -> str:
        return self._label.text()

    def setText(self, text: str) -> None:
        before = self.heightForWidth(self.width())
        self._label.setText(text)
        if self.heightForWidth(self.width()) != before:
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        return self._label.heightForWidth(width)

    def sizeHint(self) -> QSize:
        return self._label.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._label.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._label.resize(self.size())
