"""A form for any record."""

from __future__ import annotations

from pydantic import ValidationError
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from napari_dacapo.config import Config, problems_of
from napari_dacapo.errors import UserInputError
from napari_dacapo.widgets.forms.choose import kinds_editor, record_editor
from napari_dacapo.widgets.forms.declared import Declared, initial, is_family, plain
from napari_dacapo.widgets.forms.editor import Editor, Problem
from napari_dacapo.widgets.forms.message import Message
from napari_dacapo.widgets.forms.row import Row
from napari_dacapo.widgets.forms.words import first_line


class Form(QWidget):
    """Shows a record of a type, or of any kind of a family, and what is wrong with what was typed.

    `changed` comes once an edit by a person, after the value was validated, also where it is wrong.
    """

    changed = Signal()

    def __init__(
        self, record_type: type[Config], value: Config | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._record_type = record_type
        self._value: Config | None = None
        self._problems: list[UserInputError] = []
        self._message = Message()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._message)
        self._editor = self._laid_out()
        self._column.addStretch(1)
        self._editor.fill(initial(record_type) if value is None else plain(value))
        self._editor.edited.connect(self._message.speak)
        self._editor.edited.connect(self._on_edited)
        self._validate()

    @property
    def value(self) -> Config:
        """The record. Raises the first UserInputError where something is wrong."""
        if self._value is None:
            raise self._problems[0]
        return self._value

    @value.setter
    def value(self, record: Config) -> None:
        self._editor.fill(plain(record))
        self._validate()

    @property
    def problems(self) -> list[UserInputError]:
        """Everything that is wrong now, each with the path of its field; empty: `value` can be had."""
        return list(self._problems)

    def _laid_out(self) -> Editor:
        if not is_family(self._record_type):
            record = record_editor(self._record_type, self)
            self._column.addWidget(record.body)
            return record
        kinds = kinds_editor(self._record_type, self)
        rows = QFormLayout()
        family = Declared(
            self._record_type.__name__, self._record_type, description=first_line(self._record_type)
        )
        Row(family, kinds, rows)
        self._column.addLayout(rows)
        self._column.addWidget(kinds.body)
        return kinds

    def _validate(self) -> None:
        try:
            self._value = self._record_type.model_validate(self._editor.data())
            self._problems = []
        except ValidationError as error:
            self._value, self._problems = None, problems_of(error, self._record_type)
        except UserInputError as error:  # of a record that a kind makes while it is validated
            self._value, self._problems = None, [error]
        self._message.show_each(self._editor.show_problems([self._located(each) for each in self._problems]))

    def _located(self, error: UserInputError) -> Problem:
        """What is wrong with the record as a whole goes by the name of its type."""
        first, *rest = error.field.split(".")
        return Problem(tuple(rest) if first == self._record_type.__name__ else (first, *rest), error)

    def _on_edited(self) -> None:
        self._validate()
        self.changed.emit()
