"""A list of records, each folded into a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.config import Config, kinds_of
from napari_dacapo.widgets.forms.declared import Plain, initial, kind_of
from napari_dacapo.widgets.forms.editor import Editor, MakeEditor, Problem, at
from napari_dacapo.widgets.forms.focus import follow_in_tab_order
from napari_dacapo.widgets.forms.item import Item
from napari_dacapo.widgets.forms.words import first_line, words


class Items(Editor):
    """Records to add, open, move and take away."""

    def __init__(self, record_type: type[Config], make: MakeEditor, parent: QWidget) -> None:
        super().__init__(parent)
        self._record_type = record_type
        self._make = make
        self._items: list[Item] = []
        self._add = self._add_button()
        self.head = QWidget()
        self.head.setFocusProxy(self._add)
        head = QHBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addStretch(1)
        head.addWidget(self._add)
        self.body: QWidget = QWidget()
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

    def data(self) -> tuple[Plain, ...]:
        return tuple(item.data() for item in self._items)

    def fill(self, data: Iterable[Plain]) -> None:
        for item in self._items:
            item.discard()
        self._items = [self._item(each) for each in data]
        self._arrange()

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        for place, item in enumerate(self._items):
            item.show_problems(at(problems, place))
        places = {(str(place),) for place in range(len(self._items))}
        return [problem for problem in problems if problem.path[:1] not in places]

    def _add_button(self) -> QPushButton:
        """A click adds a record, or asks of which kind."""
        button = QPushButton("Add")
        kinds = kinds_of(self._record_type)
        if len(kinds) == 1:
            button.clicked.connect(lambda _=False: self._on_add(kinds[0]))
            return button
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        for kind in kinds:
            action = QAction(words(kind.__name__), menu)
            action.setToolTip(first_line(kind))
            action.triggered.connect(partial(self._on_add, kind))
            menu.addAction(action)
        button.setMenu(menu)
        return button

    def _item(self, data: Plain) -> Item:
        item = Item(kind_of(self._record_type, data), self._make, self.body)
        item.fill(data)
        item.edited.connect(self.edited)
        item.moved.connect(partial(self._on_moved, item))
        item.removed.connect(partial(self._on_removed, item))
        return item

    def _arrange(self) -> None:
        """Shows the items in their order, to the eye and to the Tab key."""
        for place, item in enumerate(self._items):
            self._column.insertWidget(place, item.body)
            item.set_place(place, len(self._items))
            item.body.raise_()
        follow_in_tab_order(self._add, *(item.body for item in self._items))

    def _on_add(self, kind: type[Config], _checked: bool = False) -> None:
        item = self._item(initial(kind))
        self._items.append(item)
        self._arrange()
        item.open()
        self.edited.emit()

    def _on_moved(self, item: Item, by: int) -> None:
        place = self._items.index(item)
        self._items.insert(place + by, self._items.pop(place))
        self._arrange()
        self.edited.emit()

    def _on_removed(self, item: Item) -> None:
        place = self._items.index(item)
        self._items.remove(item)
        item.discard()
        self._arrange()
        following = self._items[place].body.toggleButton() if place < len(self._items) else self._add
        following.setFocus()
        self.edited.emit()
