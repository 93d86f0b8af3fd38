"""A value that may be nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.editor import Editor, MakeEditor, Problem
from napari_dacapo.widgets.forms.focus import name_for_readers


class Optional(Editor):
    """A tick, and what it brings into sight; switched off, that is kept for later."""

    def __init__(self, field: Declared, make: MakeEditor, parent: QWidget) -> None:
        super().__init__(parent)
        self._field = field.inner
        self._inner = make(field.inner, parent)
        self._is_filled = False
        self._tick = QCheckBox()
        self._tick.clicked.connect(self._on_clicked)
        self._inner.edited.connect(self.edited)
        self.head = QWidget()
        self.head.setFocusProxy(self._tick)
        self.body = self._inner.body
        layout = QHBoxLayout(self.head)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tick)
        if self._inner.head:
            layout.addWidget(self._inner.head, 1)
            name_for_readers(self._inner.head, field)

    def data(self) -> Any:
        return self._inner.data() if self._tick.isChecked() else None

    def fill(self, data: Any) -> None:
        self._is_filled = data is not None
        if self._is_filled or not self.body:
            self._inner.fill(self._field.default if data is None else data)
        self._show_inner(self._is_filled)

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        return self._inner.show_problems(problems) if self._tick.isChecked() else list(problems)

    def _show_inner(self, is_on: bool) -> None:
        self._tick.setChecked(is_on)
        for widget in filter(None, (self._inner.head, self.body)):
            widget.setVisible(is_on)

    def _on_clicked(self, is_on: bool) -> None:
        if not self._is_filled:
            self._inner.fill(self._field.default)
            self._is_filled = True
        self._show_inner(is_on)
        self.edited.emit()
