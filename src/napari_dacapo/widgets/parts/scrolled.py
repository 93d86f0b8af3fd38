"""What scrolls up and down where there is too little room for it."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QMargins, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget


class Scrolled(QScrollArea):
    """As high as what is in it where there is room, and never narrower than that."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._inside = inside
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        """Qt's."""
        return self._inside.sizeHint().grownBy(self._frame)

    def minimumSizeHint(self) -> QSize:
        """Qt's."""
        bar = self.verticalScrollBar()
        width = self._inside.minimumSizeHint().grownBy(self._frame).width()
        return QSize(width + (bar.sizeHint().width() if bar else 0), super().minimumSizeHint().height())

    def event(self, event: QEvent | None) -> bool:
        """Qt's. What is in it may have become higher."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    @property
    def _frame(self) -> QMargins:
        """A style may draw one where none is wanted."""
        return QMargins(*(self.frameWidth(),) * 4)
