"""A form that is folded away, and costs nothing until it is opened."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.widgets.forms.fold import Fold
from napari_dacapo.widgets.forms.form import Form


class FoldedForm(Fold):
    """As a Form, with a title to open it by; it may hold nothing yet, until it is given something or opened.

    `changed` comes once an edit by a person, also where it is wrong.
    """

    changed = Signal()

    def __init__(self, record_type: type[Config], title: str, parent: QWidget | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self.form: Form | None = None
        self._record_type = record_type
        self._value: Config | None = None
        self._is_shown = True  # whether the form shows the value
        self.set_title(title)
        self.toggled.connect(self._on_opened)

    @property
    def is_empty(self) -> bool:
        """Whether nobody gave or typed anything yet."""
        return self._value is None and self.form is None

    @property
    def value(self) -> Config:
        """The record. Raises the first UserInputError where something is wrong."""
        if self._value is None:
            raise self.problems[0]
        return self._value

    @value.setter
    def value(self, record: Config) -> None:
        self._value, self._is_shown = record, False
        if self.isExpanded():
            self._on_opened(True)

    @property
    def problems(self) -> list[UserInputError]:
        """Everything that is wrong now, each with the path of its field; empty: `value` can be had."""
        if self._value is not None:
            return []
        if self.form is not None:
            return self.form.problems
        return [UserInputError(self._record_type.__name__.lower(), None, "there is none yet", "Choose one")]

    def _on_opened(self, is_open: bool) -> None:
        if is_open and self.form is None:
            self.form = Form(self._record_type, self._value)
            self.form.changed.connect(self._on_edited)
            self.inside.addWidget(self.form)
        elif is_open and not self._is_shown and self.form is not None and self._value is not None:
            self.form.value = self._value
        self._is_shown = self._is_shown or is_open

    def _on_edited(self) -> None:
        if self.form is not None:
            self._value = None if self.form.problems else self.form.value
            self.changed.emit()
