"""One record of a list."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QToolButton, QWidget

from napari_dacapo.config import Config
from napari_dacapo.widgets.forms.declared import declarations
from napari_dacapo.widgets.forms.editor import MakeEditor
from napari_dacapo.widgets.forms.folded import Folded
from napari_dacapo.widgets.forms.record import Record
from napari_dacapo.widgets.forms.words import title, words


class Item(Folded):
    """Its fields, folded into a line with buttons to move it and take it away."""

    moved = Signal(int)
    removed = Signal()

    def __init__(self, record_type: type[Config], make: MakeEditor, parent: QWidget) -> None:
        fields = declarations(record_type)
        super().__init__(partial(title, record_type), partial(Record, record_type, fields, make), parent)
        name = words(record_type.__name__)
        self._up = self._button("↑", f"Move {name} up")
        self._down = self._button("↓", f"Move {name} down")
        self._remove = self._button("✕", f"Remove {name}")
        self._up.clicked.connect(self._on_up)
        self._down.clicked.connect(self._on_down)
        self._remove.clicked.connect(self._on_remove)

    def set_place(self, place: int, count: int) -> None:
        self._up.setEnabled(place > 0)
        self._down.setEnabled(place < count - 1)

    def discard(self) -> None:
        self.body.hide()
        self.body.deleteLater()
        self.deleteLater()

    def _button(self, text: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(name)
        button.setAccessibleName(name)
        self.body.add_button(button)
        return button

    def _on_up(self) -> None:
        self.moved.emit(-1)

    def _on_down(self) -> None:
        self.moved.emit(1)

    def _on_remove(self) -> None:
        self.removed.emit()
