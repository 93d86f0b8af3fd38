"""A field in a form."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.editor import Editor, Problem
from napari_dacapo.widgets.forms.focus import focus_of, name_for_readers
from napari_dacapo.widgets.forms.message import Message
from napari_dacapo.widgets.forms.question_mark import QuestionMark
from napari_dacapo.widgets.forms.words import label

LABEL_CHARACTERS = 19  # wide; longer labels are wrapped


class Row:
    """Its label, what edits it, a question mark, and below what is wrong with it."""

    def __init__(self, field: Declared, editor: Editor, layout: QFormLayout) -> None:
        self.field = field
        self.editor = editor
        self._message = Message()
        editor.edited.connect(self._message.speak)
        head = QHBoxLayout()
        head.setSpacing(2)
        if editor.head:
            head.addWidget(editor.head, 1)
        else:
            head.addStretch(1)
        head.addWidget(QuestionMark(field), 0, Qt.AlignmentFlag.AlignTop)
        layout.addRow(self._label(), head)
        layout.addRow(self._message)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self._message.show_first(self.editor.show_problems(problems))

    def _label(self) -> QLabel:
        found = QLabel(label(self.field))
        found.setWordWrap(True)
        found.setFixedWidth(LABEL_CHARACTERS * found.fontMetrics().averageCharWidth())
        found.setToolTip(self.field.description)
        if self.editor.head:
            found.setBuddy(focus_of(self.editor.head))
            name_for_readers(self.editor.head, self.field)
        return found
