"""Forms below each other whose fields begin at one line."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QLabel, QWidget


def align_labels(page: QWidget) -> None:
    """Make the labels of all forms of a page as wide as the widest one."""
    labels = [label for form in page.findChildren(QFormLayout) for label in _labels(form)]
    width = max((label.sizeHint().width() for label in labels), default=0)
    for label in labels:
        label.setMinimumWidth(width)


def _labels(form: QFormLayout) -> list[QLabel]:
    items = (form.itemAt(row, QFormLayout.ItemRole.LabelRole) for row in range(form.rowCount()))
    widgets = [item.widget() for item in items if item is not None]
    return [widget for widget in widgets if isinstance(widget, QLabel)]
