"""Where the keyboard goes, and what a screen reader says there."""

from __future__ import annotations

from collections.abc import Iterator

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.words import label


def focus_of(widget: QWidget) -> QWidget:
    """The part of it that takes the focus."""
    return widget.focusProxy() or widget


def name_for_readers(widget: QWidget, field: Declared) -> None:
    focus = focus_of(widget)
    own = focus.text() if isinstance(focus, QAbstractButton) else ""
    focus.setAccessibleName(": ".join(filter(None, (label(field), own))))
    focus.setAccessibleDescription(field.description)


def follow_in_tab_order(before: QWidget, *later: QWidget) -> None:
    """All that takes the focus inside of `later` comes after `before`, in its own order.

    What is not yet in one window gets there in the order in which it was made.
    """
    for stop in (stop for widget in later for stop in _stops(widget)):
        if stop.window() is before.window():
            QWidget.setTabOrder(before, stop)
            before = stop


def _stops(widget: QWidget) -> Iterator[QWidget]:
    for child in (widget, *widget.findChildren(QWidget)):
        is_part = isinstance(child.parent(), QComboBox | QAbstractSpinBox)
        takes_tab = child.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        if takes_tab and not is_part and child.focusProxy() is None:
            yield child
