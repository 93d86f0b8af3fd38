"""How much is done."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QTimer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QProgressBar, QWidget

PARTS = 4  # of a bar that only tells that something is done
BEAT = 1000  # milliseconds in which it is filled by one of them


class ProgressBar(QProgressBar):
    """Drawn with what else is new; Qt's own draws each value at once, and all of napari's window with it.

    In a range of nothing, where nobody knows how long it takes, Qt's own moves thirty times a second. This
    one is filled part by part, again and again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_known = True
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT)
        self._beat.timeout.connect(self._fill_another_part)

    def setRange(self, minimum: int, maximum: int) -> None:
        was_known, self._is_known = self._is_known, maximum > minimum
        self.setTextVisible(self._is_known)
        if self._is_known:
            self._beat.stop()
            self._draw_later(super().setRange, minimum, maximum)
        elif was_known:
            self._draw_later(super().setRange, 0, PARTS)
            self._fill(0)
            if self.isVisible():
                self._beat.start()

    def setValue(self, value: int) -> None:
        if self._is_known:
            self._fill(value)

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._is_known:
            self._beat.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._beat.stop()

    def _fill_another_part(self) -> None:
        self._fill((self.value() + 1) % (PARTS + 1))

    def _fill(self, value: int) -> None:
        self._draw_later(super().setValue, value)

    def _draw_later(self, change: Callable[..., None], *values: int) -> None:
        self.setUpdatesEnabled(False)
        change(*values)
        self.setUpdatesEnabled(True)
