"""A list of saved names of which several can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

ROWS = 4  # seen at once


class NameList(QListWidget):
    """Chosen names stay chosen when others come or go."""

    chosen_changed = Signal()

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName(what)
        self.setToolTip(f"Saved under {what}. Choose several (Ctrl or Shift) for a run of each.")
        self.setMaximumHeight(ROWS * self.fontMetrics().height() + 2 * ROWS)
        self.itemSelectionChanged.connect(self.chosen_changed)

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(sorted(item.text() for item in self.selectedItems()))

    def show_names(self, names: Sequence[str]) -> None:
        before = set(self.chosen)
        self.blockSignals(True)
        self.clear()
        self.addItems(list(names))
        for row, name in enumerate(names):
            cast(QListWidgetItem, self.item(row)).setSelected(name in before or len(names) == 1)
        self.blockSignals(False)
        self.chosen_changed.emit()
