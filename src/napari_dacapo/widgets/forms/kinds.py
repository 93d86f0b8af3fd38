"""A record of one of several kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_dacapo.config import Config, Family
from napari_dacapo.widgets.forms.declared import Declared, Plain, declarations, initial
from napari_dacapo.widgets.forms.editor import Editor, Problem
from napari_dacapo.widgets.forms.focus import follow_in_tab_order
from napari_dacapo.widgets.forms.leaf import narrow
from napari_dacapo.widgets.forms.wheel import leave_wheel
from napari_dacapo.widgets.forms.words import first_line, words

MakePage = Callable[[type[Config], QWidget], Editor]


class Kinds(Editor):
    """The kind in a combo, its fields below. A kind that was left keeps what was typed into it."""

    def __init__(self, family: type[Family], make_page: MakePage, parent: QWidget) -> None:
        super().__init__(parent)
        self._kinds = family.kinds()
        self._make_page = make_page
        self._pages: dict[str, Editor] = {}
        self._kind = ""
        self._found: Plain = {}  # what the page held when it was turned to
        self._combo = self.head = QComboBox()
        narrow(self._combo)
        leave_wheel(self._combo)
        for name, kind in self._kinds.items():
            self._combo.addItem(words(name), name)
            self._combo.setItemData(self._combo.count() - 1, first_line(kind), Qt.ItemDataRole.ToolTipRole)
        self._combo.activated.connect(self._on_activated)
        self.body: QWidget = QWidget()
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(0, 0, 0, 0)

    def data(self) -> Plain:
        data: Plain = self._pages[self._kind].data()
        return data

    def fill(self, data: Plain) -> None:
        for name, page in self._pages.items():
            page.fill(initial(self._kinds[name]))
        self._page(data["kind"]).fill(data)
        self._combo.setCurrentIndex(self._combo.findData(data["kind"]))
        self._turn_to(data["kind"])

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        return self._pages[self._kind].show_problems(problems)

    def _on_activated(self, index: int) -> None:
        kind = self._combo.itemData(index)
        if kind == self._kind:
            return
        page = self._page(kind)
        page.fill(page.data() | dict(self._carried(kind)))
        self._turn_to(kind)
        self.edited.emit()

    def _page(self, kind: str) -> Editor:
        if kind not in self._pages:
            page = self._pages[kind] = self._make_page(self._kinds[kind], self.body)
            page.fill(initial(self._kinds[kind]))
            page.edited.connect(self.edited)
            if page.body:
                self._column.addWidget(page.body)
        return self._pages[kind]

    def _turn_to(self, kind: str) -> None:
        self._kind = kind
        self._found = self.data()
        self._combo.setToolTip(first_line(self._kinds[kind]))
        for name, page in self._pages.items():
            if page.body:
                page.body.setVisible(name == kind)
        follow_in_tab_order(self._combo, self.body)

    def _carried(self, kind: str) -> Iterator[tuple[str, object]]:
        """What was typed into fields that the other kind has as well."""
        data, fresh = self.data(), initial(self._kinds[self._kind])
        theirs = {_type(field) for field in declarations(self._kinds[kind])}
        for field in declarations(self._kinds[self._kind]):
            value = data.get(field.name, fresh[field.name])
            is_typed = value != fresh[field.name] or value != self._found.get(field.name, value)
            if is_typed and _type(field) in theirs:
                yield field.name, value


def _type(field: Declared) -> tuple[Any, ...]:
    """What makes two fields the same."""
    return field.name, field.annotation, field.metadata, field.optional
