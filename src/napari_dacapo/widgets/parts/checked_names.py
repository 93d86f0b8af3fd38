"""A list of names that are checked or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QWidget

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked
SWATCH = 10  # pixels
ALL = "all"


class CheckedNames(QListWidget):
    """The first entry checks all or none; names that come are checked, the others stay as they are."""

    changed = Signal()

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(what)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names: tuple[str, ...] = ()
        self.itemChanged.connect(self._on_changed)

    @property
    def checked(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self._items if item.checkState() == CHECKED)

    def show_names(self, names: Sequence[str]) -> None:
        if tuple(names) == self._names:
            return
        unchecked = set(self._names) - set(self.checked)
        self.blockSignals(True)
        self.clear()
        self._names = tuple(names)
        for name in (ALL, *names) if names else ():
            item = QListWidgetItem(name, self)
            item.setToolTip(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(UNCHECKED if name in unchecked else CHECKED)
        self._mark_all()
        self.blockSignals(False)
        self.changed.emit()

    def check_only(self, names: Sequence[str]) -> None:
        self._check({name: name in names for name in self._names})

    def color(self, colors: dict[str, str]) -> None:
        """A swatch before each name that has a color."""
        self.blockSignals(True)
        for item in self._items:
            item.setIcon(_swatch(colors[item.text()]) if item.text() in colors else QIcon())
        self.blockSignals(False)

    @property
    def _items(self) -> list[QListWidgetItem]:
        return [cast(QListWidgetItem, self.item(row)) for row in range(1, self.count())]

    def _on_changed(self, item: QListWidgetItem) -> None:
        if self.row(item) == 0:
            self._check(dict.fromkeys(self._names, item.checkState() == CHECKED))
        else:
            self._check({})

    def _check(self, wanted: dict[str, bool]) -> None:
        self.blockSignals(True)
        for item in self._items:
            if item.text() in wanted:
                item.setCheckState(CHECKED if wanted[item.text()] else UNCHECKED)
        self._mark_all()
        self.blockSignals(False)
        self.changed.emit()

    def _mark_all(self) -> None:
        first = self.item(0)
        if first is not None:
            first.setCheckState(CHECKED if len(self.checked) == len(self._names) else UNCHECKED)


def _swatch(color: str) -> QIcon:
    pixels = QPixmap(SWATCH, SWATCH)
    pixels.fill(QColor(color))
    return QIcon(pixels)
