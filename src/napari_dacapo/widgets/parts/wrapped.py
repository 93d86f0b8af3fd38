"""Buttons in a row, or in several where it is narrow."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from qtpy.QtCore import QRect
from qtpy.QtWidgets import QLayoutItem, QPushButton, QWidget
from superqt import QFlowLayout

GAP = 6  # pixels between buttons


class Wrapped(QFlowLayout):
    """No button is narrower than its words, and each row is filled."""

    def __init__(self, buttons: Iterable[QPushButton], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(GAP)
        self.setVerticalSpacing(GAP)
        for button in buttons:
            self.addWidget(button)

    def setGeometry(self, rect: QRect) -> None:
        """Qt's."""
        super().setGeometry(rect)
        items = [item for place in range(self.count()) if (item := self.itemAt(place)) is not None]
        for _, row in groupby(items, key=lambda item: item.geometry().top()):
            _fill(list(row), rect.right())


def _fill(row: list[QLayoutItem], right: int) -> None:
    """Divide what is left of the row among all that are in it."""
    room = max(0, right - row[-1].geometry().right())
    for place, item in enumerate(row):
        moved, grown = (room * number // len(row) for number in (place, place + 1))
        item.setGeometry(item.geometry().adjusted(moved, 0, grown, 0))
