"""The datasets of a datasplit: what each does, and a way to take it away."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QGroupBox, QLabel, QSizePolicy, QToolButton, QWidget

from napari_dacapo.datasplits.dataset import Entries, Entry

ROLES = ("trains", "validates")


class DatasetList(QGroupBox):
    """A line for each; a single one both trains and validates, and leaves nothing to choose."""

    told = Signal(int, bool)  # which one, and whether it is to validate
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Datasets", parent)
        self._entries: Entries = ()
        self.titles: list[QLabel] = []
        self.roles: list[QComboBox] = []
        self.crosses: list[QToolButton] = []
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(0, 1)
        self.show_entries(())

    def show_entries(self, entries: Entries) -> None:
        """Also puts back what was chosen but could not be."""
        if len(entries) != len(self.roles):
            self._lay_out(entries)
        self._entries = entries
        for place, entry in enumerate(entries):
            self._show(place, entry, is_alone=len(entries) == 1)
        self.setVisible(bool(entries))

    def _lay_out(self, entries: Entries) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.titles, self.roles, self.crosses = [], [], []
        for place in range(len(entries)):
            self._add_line(place)

    def _add_line(self, place: int) -> None:
        title = QLabel()
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        role = QComboBox()
        role.addItems(ROLES)
        role.activated.connect(partial(self._on_told, place))
        cross = QToolButton()
        cross.setText("✕")
        cross.clicked.connect(partial(self._on_removed, place))
        for column, widget in enumerate((title, role, cross)):
            self._grid.addWidget(widget, place, column)
        self.titles.append(title)
        self.roles.append(role)
        self.crosses.append(cross)

    def _show(self, place: int, entry: Entry, is_alone: bool) -> None:
        title, role, cross = self.titles[place], self.roles[place], self.crosses[place]
        name = entry.dataset.title
        title.setText(name)
        title.setToolTip(name)
        role.setCurrentIndex(int(entry.validates))
        for widget in (role, cross):
            widget.setVisible(not is_alone)
        role.setAccessibleName(f"what {name} does")
        role.setToolTip("Whether it trains, or all of it validates.")
        cross.setAccessibleName(f"remove {name}")
        cross.setToolTip(f"Use {name} no longer.")

    def _on_told(self, place: int, role: int) -> None:
        if bool(role) != self._entries[place].validates:
            self.told.emit(place, bool(role))

    def _on_removed(self, place: int, _checked: bool = False) -> None:
        self.removed.emit(place)
