"""Whether, which, how many, and text: what magicgui has good widgets for."""

from __future__ import annotations

from typing import Any, Literal, cast, get_origin

from magicgui.widgets import create_widget
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QWidget

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.editor import Editor
from napari_dacapo.widgets.forms.wheel import leave_wheel

MOST_STEPS = 100  # beyond that, arrows are no way to get anywhere, and a number is typed


class Leaf(Editor):
    """A tick, a choice, a small count or a text."""

    def __init__(self, field: Declared, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = cast(Any, create_widget(annotation=field.annotation, options=_options(field)))
        self.head: QWidget = self._widget.native
        if isinstance(self.head, QComboBox | QAbstractSpinBox):
            leave_wheel(self.head)
        if isinstance(self.head, QComboBox):
            narrow(self.head)
        self._widget.changed.connect(self._on_changed)

    def data(self) -> Any:
        return self._widget.value

    def fill(self, data: Any) -> None:
        """A count cannot be shown empty, and begins with the lowest."""
        is_blank_count = data == "" and isinstance(self.head, QAbstractSpinBox)
        with self._widget.changed.blocked():
            self._widget.value = self._widget.min if is_blank_count else data

    def is_empty(self) -> bool:
        return bool(self.data() == "")

    def _on_changed(self) -> None:
        self.edited.emit()


def is_leaf(field: Declared) -> bool:
    if field.annotation is int:
        low, high = _bounds(field)
        return low is not None and high is not None and high - low <= MOST_STEPS
    return field.annotation in (bool, str) or get_origin(field.annotation) is Literal


def narrow(combo: QComboBox) -> None:
    """Its longest choice does not make the form wider."""
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(6)


def _options(field: Declared) -> dict[str, Any]:
    low, high = _bounds(field)
    return {"min": low, "max": high} if field.annotation is int else {}


def _bounds(field: Declared) -> tuple[int | None, int | None]:
    """The smallest and the largest number a whole number may be."""
    above, below = field.bound("gt"), field.bound("lt")
    low = field.bound("ge") if above is None else above + 1
    return low, field.bound("le") if below is None else below - 1
