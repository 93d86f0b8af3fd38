"""Pages in windows of their own."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut, QWidget

SIZE = (480, 560)


def show_window(page: QWidget, over: QWidget, title: str) -> None:
    """Show the page over another widget; Escape closes it."""
    if page.parent() is None:
        page.setParent(over, Qt.WindowType.Dialog)
        page.resize(*SIZE)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), page).activated.connect(page.close)
    page.setWindowTitle(title)
    page.show()
    page.raise_()
    page.activateWindow()
