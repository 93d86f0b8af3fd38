"""The fields of a record, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QFormLayout, QWidget

from napari_dacapo.config import Config, Family
from napari_dacapo.widgets.forms.declared import Declared, Plain
from napari_dacapo.widgets.forms.editor import Editor, MakeEditor, Problem, at
from napari_dacapo.widgets.forms.row import Row

INDENT = 12


class Record(Editor):
    """Some or all fields of a record; what must be given and was not is left out of its data."""

    def __init__(
        self, record_type: type[Config], fields: Sequence[Declared], make: MakeEditor, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.body: QWidget = QWidget()
        self._kind = {"kind": record_type.__name__} if issubclass(record_type, Family) else {}
        layout = QFormLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows = {field.name: self._row(field, make, layout) for field in fields}

    def data(self) -> Plain:
        given = (row for row in self._rows.values() if not (row.field.required and row.editor.is_empty()))
        return self._kind | {row.field.name: row.editor.data() for row in given}

    def fill(self, data: Plain) -> None:
        for name, row in self._rows.items():
            row.editor.fill(data.get(name, row.field.default))

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        for name, row in self._rows.items():
            row.show_problems(at(problems, name))
        return [problem for problem in problems if problem.path[:1] not in {(name,) for name in self._rows}]

    def _row(self, field: Declared, make: MakeEditor, layout: QFormLayout) -> Row:
        editor = make(field, self.body)
        row = Row(field, editor, layout)
        if editor.body:
            editor.body.setContentsMargins(INDENT, 0, 0, 0)
            layout.addRow(editor.body)
        editor.edited.connect(self.edited)
        return row
