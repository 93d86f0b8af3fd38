"""A record, or a part of one, that is summed up in a line and made when it is first opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.forms.declared import Plain
from napari_dacapo.widgets.forms.editor import Editor, Problem
from napari_dacapo.widgets.forms.focus import follow_in_tab_order
from napari_dacapo.widgets.forms.fold import Fold
from napari_dacapo.widgets.forms.message import Message


class Folded(Editor):
    """Its data are kept as they are until then, so that long lists cost nothing."""

    def __init__(
        self, title: Callable[[Plain], str], make: Callable[[QWidget], Editor], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.body: Fold = Fold()
        self._title = title
        self._make = make
        self._data: Plain = {}
        self._inner: Editor | None = None
        self._problems: list[Problem] = []
        self._message = Message()
        self.body.add_below(self._message)
        self.body.toggled.connect(self._on_toggled)

    def data(self) -> Plain:
        return self._inner.data() if self._inner else self._data

    def fill(self, data: Plain) -> None:
        self._data = data
        if self._inner:
            self._inner.fill(data)
        self.show_title()

    def open(self) -> None:
        self.body.expand(animate=False)

    def show_title(self) -> None:
        self.body.set_title(self._title(self.data()))

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """All is shown here: in its place where it is open, else below the line."""
        self._problems = list(problems)
        own = self._inner.show_problems(problems) if self._inner else self._problems
        self._message.show_each(own if self.body.isExpanded() else self._problems)
        return []

    def _on_toggled(self) -> None:
        if self._inner is None:
            self._inner = self._make(self.body.content())
            self._inner.fill(self._data)
            self._inner.edited.connect(self._on_edited)
            if self._inner.body:
                self.body.inside.addWidget(self._inner.body)
                follow_in_tab_order(self.body.last_in_line, self._inner.body)
        self.show_problems(self._problems)

    def _on_edited(self) -> None:
        self._message.speak()
        self.show_title()
        self.edited.emit()
