"""Every score of every run as a table that sorts and filters ten thousand rows at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, cast

from qtpy.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QFont
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_dacapo.experiments.results.parameters import readable_parameters
from napari_dacapo.widgets.results.scored_runs import ScoreRow

FIRST_COLUMNS = ("run", "dataset", "iteration", "parameters")
BEST = QColor(44, 162, 95, 90)
ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
MEASURED_ROWS = 50  # that a column is made wide enough for
WIDEST = 120  # pixels of a column at first: scores shall be seen beside long names


class ScoreModel(QAbstractTableModel):
    """Rows are shown in an order; only what is seen is turned into text."""

    def __init__(self) -> None:
        super().__init__()
        self.criteria: tuple[str, ...] = ()
        self.rows: list[ScoreRow] = []  # as they are shown
        self._all: tuple[ScoreRow, ...] = ()
        self._words: tuple[str, ...] = ()
        self._best_by = ""
        self._column, self._direction = 2, ASCENDING

    def show(self, rows: Iterable[ScoreRow], criteria: Sequence[str]) -> None:
        self._all, self.criteria = tuple(rows), tuple(criteria)
        self._arrange()

    def find(self, text: str) -> None:
        """Show the rows in which every word occurs."""
        self._words = tuple(text.casefold().split())
        self._arrange()

    def show_best(self, criterion: str) -> None:
        """Show the rows that are the best of their run and dataset by it; all, where it is empty."""
        self._best_by = criterion
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = ASCENDING) -> None:
        self._column, self._direction = column, order
        self._arrange()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(FIRST_COLUMNS) + len(self.criteria)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        names = (*FIRST_COLUMNS, *self.criteria)
        return names[section] if role == Qt.ItemDataRole.DisplayRole and section < len(names) else None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        row, column = self.rows[index.row()], index.column()
        is_best = column >= len(FIRST_COLUMNS) and self.criteria[column - len(FIRST_COLUMNS)] in row.best
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"The best of {row.run} on {row.dataset}." if is_best else self._told(row, column)
        if role == Qt.ItemDataRole.FontRole and is_best:
            font = QFont()
            font.setBold(True)
            return font
        return BEST if role == Qt.ItemDataRole.BackgroundRole and is_best else None

    def _text(self, row: ScoreRow, column: int) -> str:
        if column >= len(FIRST_COLUMNS):
            value = row.scores.get(self.criteria[column - len(FIRST_COLUMNS)], math.nan)
            return "" if math.isnan(value) else f"{value:.4f}"
        return (row.run, row.dataset, f"{row.iteration:,}", row.told)[column]

    def _told(self, row: ScoreRow, column: int) -> str | None:
        if column in (0, 1):
            return f"{row.run} on {row.dataset}"
        if column == 3:
            return readable_parameters(row.parameters) or "No parameters."
        return (
            None
            if row.kept
            else "Its prediction is not kept: that of the last validation and of the best are."
        )

    def _arrange(self) -> None:
        self.beginResetModel()
        found = [row for row in self._all if self._is_found(row)]
        self.rows = sorted(found, key=self._sorted_by, reverse=self._direction == DESCENDING)
        self.endResetModel()

    def _is_found(self, row: ScoreRow) -> bool:
        if self._best_by and self._best_by not in row.best:
            return False
        if not self._words:
            return True
        text = f"{row.run} {row.dataset} {row.iteration} {readable_parameters(row.parameters)}".casefold()
        return all(word in text for word in self._words)

    def _sorted_by(self, row: ScoreRow) -> Any:
        """What is not known comes last in either direction."""
        if self._column < len(FIRST_COLUMNS):
            return (row.run.casefold(), row.dataset.casefold(), row.iteration, row.told)[self._column]
        place = self._column - len(FIRST_COLUMNS)
        value = row.scores.get(self.criteria[place], math.nan) if place < len(self.criteria) else math.nan
        last = -math.inf if self._direction == DESCENDING else math.inf
        return last if math.isnan(value) else value


class ScoreTable(QTableView):
    """Whole rows are picked, several with Ctrl; picked ones stay picked however they are arranged."""

    picked_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scores = ScoreModel()
        self.setModel(self.scores)
        self.setAccessibleName("scores")
        self.setSortingEnabled(True)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = cast(QHeaderView, self.horizontalHeader())
        header.setResizeContentsPrecision(MEASURED_ROWS)
        header.setSectionsMovable(True)
        header.setSortIndicator(2, ASCENDING)
        rows = cast(QHeaderView, self.verticalHeader())
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        self._picked: frozenset[Any] = frozenset()  # the keys of what is picked
        self._arranges = False
        self.scores.modelReset.connect(self._pick_again)
        self._selection.selectionChanged.connect(self._on_selected)

    @property
    def picked(self) -> tuple[ScoreRow, ...]:
        """The rows that are picked, from top to bottom."""
        places = sorted(index.row() for index in self._selection.selectedRows())
        return tuple(self.scores.rows[place] for place in places)

    def pick(self, row: ScoreRow) -> None:
        """This one and no other."""
        self._picked = frozenset([row.key])
        self._pick_again()

    def show_rows(self, rows: Iterable[ScoreRow], criteria: Sequence[str]) -> None:
        rows = tuple(rows)
        is_new = tuple(criteria) != self.scores.criteria or not self.scores.rows
        self.scores.show(rows, criteria)
        self.setColumnHidden(1, len({row.dataset for row in rows}) == 1)
        self.setColumnHidden(3, not any(row.told for row in rows))
        if is_new:
            self.resizeColumnsToContents()
            for column in range(len(FIRST_COLUMNS)):
                self.setColumnWidth(column, min(WIDEST, self.columnWidth(column)))

    @property
    def _selection(self) -> QItemSelectionModel:
        return cast(QItemSelectionModel, self.selectionModel())

    def _pick_again(self) -> None:
        """What is picked, where it is now."""
        places = [
            place for place, row in enumerate(self.scores.rows) if self._picked and row.key in self._picked
        ]
        last = self.scores.columnCount() - 1
        selection = QItemSelection()
        for place in places:
            selection.select(self.scores.index(place, 0), self.scores.index(place, last))
        self._arranges = True
        self._selection.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._arranges = False
        if places:
            self.scrollTo(self.scores.index(places[0], 0))
        self.picked_changed.emit()

    def _on_selected(self) -> None:
        if not self._arranges:
            self._picked = frozenset(row.key for row in self.picked)
            self.picked_changed.emit()
