"""The picture of a viewer, drawn a little after its layers were changed."""

from __future__ import annotations

from functools import partial
from typing import cast

from qtpy.QtCore import QTimer
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

HELD = 20  # milliseconds


def hold_canvas(page: QWidget) -> None:
    """Draw nothing for a moment in the window that the page belongs to.

    To change layers and to draw them take about as long; in between the window answers. The picture is
    drawn by itself then, whatever became of the page.
    """
    window = cast(QWidget, page.window())
    over = window.parentWidget() or window  # a dock that floats is a window over the viewer's
    for canvas in over.findChildren(QOpenGLWidget):
        canvas.setUpdatesEnabled(False)
        timer = QTimer(canvas)
        timer.timeout.connect(partial(canvas.setUpdatesEnabled, True))
        timer.timeout.connect(timer.deleteLater)
        timer.start(HELD)
