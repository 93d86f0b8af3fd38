"""The row in which a component is chosen, named and saved."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

CHOOSE = "saved…"
MARK = "●"
ACTIONS = {
    "duplicate": "Duplicate",
    "rename": "Rename to the name typed here",
    "delete": "Delete",
    "export": "Export to a file…",
    "import": "Import from a file…",
}


class SavedRow(QWidget):
    """saved: [choose] name [...] [Save], a mark while something is unsaved, and a menu with the rest."""

    chosen = Signal(str)  # a saved name
    renamed = Signal()  # another name was typed
    save = Signal()
    action = Signal(str)  # a key of ACTIONS

    def __init__(self, what: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.saved = QComboBox()
        self.saved.setToolTip(f"Open a saved {what}.")
        self.saved.setAccessibleName(f"saved {what}")
        self.name = QLineEdit(name)
        self.name.setToolTip(f"The name this {what} is saved under.")
        self.name.setAccessibleName(f"name of the {what}")
        self.mark = QLabel(MARK)
        self.mark.setToolTip("Not saved as it is.")
        self.button = QPushButton("Save")
        self.more = QToolButton()
        self.more.setText("…")
        self.more.setToolTip("Duplicate, rename, delete, export, import.")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        self._lay_out()
        self.saved.activated.connect(self._on_chosen)
        self.name.textEdited.connect(lambda _: self.renamed.emit())
        self.name.returnPressed.connect(self.save)
        self.button.clicked.connect(self.save)
        self.show_names(())

    def show_names(self, names: Sequence[str]) -> None:
        """What can be chosen."""
        self.saved.clear()
        self.saved.addItems([CHOOSE, *names])
        self.saved.setEnabled(bool(names))

    def show_state(self, unsaved: bool, reason: str) -> None:
        """Whether there is something to save, and why it cannot be, if it cannot."""
        self.mark.setVisible(unsaved)
        self.button.setEnabled(unsaved and not reason)
        self.button.setToolTip(reason or "Save it under this name.")

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for key, text in ACTIONS.items():
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, key=key: self.action.emit(key))
            menu.addAction(action)
        return menu

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.saved, 1)
        row.addWidget(self.name, 2)
        for widget in (self.mark, self.button, self.more):
            row.addWidget(widget)

    def _on_chosen(self, place: int) -> None:
        if place > 0:
            self.chosen.emit(self.saved.itemText(place))
            self.saved.setCurrentIndex(0)
