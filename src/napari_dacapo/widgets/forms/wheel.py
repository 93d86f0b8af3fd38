"""The mouse wheel scrolls the form, and changes no value in passing."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QWidget


class _Scrolls(QObject):
    """Gives the wheel on to whatever can scroll, unless the widget was chosen to be edited."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        over = isinstance(watched, QWidget) and not watched.hasFocus()
        if event is None or event.type() != QEvent.Type.Wheel or not over:
            return False
        event.ignore()
        return True


def leave_wheel(widget: QWidget) -> None:
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Scrolls(widget))
