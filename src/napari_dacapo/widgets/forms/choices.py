"""Some of a few words, such as axes: a tick for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.editor import Editor


class Choices(Editor):
    """Keeps the order that the record had; what is ticked later follows in the order of the choices."""

    def __init__(self, item: Declared, parent: QWidget) -> None:
        super().__init__(parent)
        self.head = QWidget()
        layout = QHBoxLayout(self.head)
        layout.setContentsMargins(0, 0, 0, 0)
        self._ticks = {choice: QCheckBox(str(choice)) for choice in get_args(item.annotation)}
        self._order = tuple(self._ticks)
        for tick in self._ticks.values():
            tick.clicked.connect(self.edited)
            layout.addWidget(tick)
        layout.addStretch(1)
        self.head.setFocusProxy(next(iter(self._ticks.values())))

    def data(self) -> tuple[Any, ...]:
        return tuple(choice for choice in self._order if self._ticks[choice].isChecked())

    def fill(self, data: Iterable[Any]) -> None:
        chosen = tuple(data)
        self._order = chosen + tuple(choice for choice in self._ticks if choice not in chosen)
        for choice, tick in self._ticks.items():
            tick.setChecked(choice in chosen)
