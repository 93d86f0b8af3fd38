"""A record within a record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_dacapo.config import Config
from napari_dacapo.widgets.forms.declared import Declared, Plain, declarations
from napari_dacapo.widgets.forms.editor import Editor, MakeEditor, Problem
from napari_dacapo.widgets.forms.folded import Folded
from napari_dacapo.widgets.forms.record import Record
from napari_dacapo.widgets.forms.words import summary


class Nested(Editor):
    """What must be given is in sight; what has defaults is folded away, with what differs from them."""

    def __init__(self, record_type: type[Config], make: MakeEditor, parent: QWidget) -> None:
        super().__init__(parent)
        self.body: QWidget = QWidget()
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        fields = declarations(record_type)
        needed = tuple(field for field in fields if field.required)
        self._rest = tuple(field for field in fields if not field.required)
        self._needed = Record(record_type, needed, make, self.body)
        name = "More settings" if needed else "Settings"
        self._more = Folded(
            partial(_told, name, self._rest), partial(Record, record_type, self._rest, make), self.body
        )
        for part in (self._needed, self._more):
            part.edited.connect(self.edited)
            layout.addWidget(part.body)
        self._needed.body.setVisible(bool(needed))
        self._more.body.setVisible(bool(self._rest))

    def data(self) -> Plain:
        return self._needed.data() | self._more.data()

    def fill(self, data: Plain) -> None:
        self._needed.fill(data)
        self._more.fill({field.name: data.get(field.name, field.default) for field in self._rest})

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        rest = self._needed.show_problems(problems)
        deeper = [problem for problem in rest if problem.path[:1] in {(field.name,) for field in self._rest}]
        self._more.show_problems(deeper)
        return [problem for problem in rest if problem not in deeper]


def _told(name: str, fields: Sequence[Declared], data: Plain) -> str:
    return ": ".join(filter(None, (name, summary(fields, data))))
