"""A table of which a person picks rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from qtpy.QtCore import QItemSelectionModel, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

WIDEST = 180  # pixels of a column: long names leave room for what is told of them


class Table(QTableWidget):
    """Whole rows are picked, one at a time; cells are not edited."""

    def __init__(self, what: str, columns: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(what)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        rows = cast(QHeaderView, self.verticalHeader())
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        header = cast(QHeaderView, self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMaximumSectionSize(WIDEST)
        self.name_columns(columns)

    def name_columns(self, columns: Sequence[str]) -> None:
        self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(list(columns))

    def write(self, row: int, texts: Sequence[str]) -> None:
        """Fill a row; cells that say the same already are left alone."""
        for column, text in enumerate(texts):
            item = self.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                self.setItem(row, column, item)
            if item.text() != text:
                item.setText(text)
                item.setToolTip(text)

    def cell(self, row: int, column: int) -> QTableWidgetItem:
        return cast(QTableWidgetItem, self.item(row, column))

    @property
    def picked(self) -> int | None:
        """The row that is picked, if one is."""
        rows = cast(QItemSelectionModel, self.selectionModel()).selectedRows()
        return rows[0].row() if rows else None
