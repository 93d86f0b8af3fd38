"""A line that opens to show more."""

from __future__ import annotations

from typing import cast

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QPixmap, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from superqt import QCollapsible

UNLIMITED = 16_777_215  # Qt's largest height of a widget
INDENT = 12
BUTTON_STYLE = """
    QPushButton { text-align: left; padding: 4px; border: 1px solid transparent; background: #26808080; }
    QPushButton:hover { background: #4d808080; }
    QPushButton:focus { border-color: #808080; }
"""  # greys that show on dark and on light


class Fold(QCollapsible):
    """Its line is shortened to the width there is; closed, nothing inside takes room or the focus."""

    def __init__(self) -> None:
        super().__init__(expandedIcon=_no_icon(), collapsedIcon=_no_icon())
        self._title = ""
        self._last_in_line: QWidget = self.toggleButton()
        self.setDuration(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._line = QHBoxLayout()
        self._line.setSpacing(2)
        self._line.addWidget(self._plain_button(), 1)
        self._column = cast(QVBoxLayout, self.layout())
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.insertLayout(0, self._line)
        self.inside.setContentsMargins(INDENT, 0, 0, 4)
        self.content().hide()
        self.toggled.connect(self._on_toggled)

    @property
    def inside(self) -> QVBoxLayout:
        return cast(QVBoxLayout, self.content().layout())

    def set_title(self, title: str) -> None:
        self._title = title
        self.toggleButton().setToolTip(title)
        self.toggleButton().setAccessibleName(title)
        self._show_title()

    def add_button(self, button: QToolButton) -> None:
        """At the right end of its line; the Tab key comes to it before it comes to what is inside."""
        self._line.addWidget(button)
        self._last_in_line = button
        self.content().raise_()

    def add_below(self, widget: QWidget) -> None:
        """Below its line, whether it is open or not."""
        self._column.insertWidget(1, widget)

    @property
    def last_in_line(self) -> QWidget:
        return self._last_in_line

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._show_title()

    def _plain_button(self) -> QWidget:
        button = self.toggleButton()
        button.setStyleSheet(BUTTON_STYLE)
        button.setIconSize(QSize(0, 0))
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return button

    def _show_title(self) -> None:
        button = self.toggleButton()
        text = f"{'▾' if self.isExpanded() else '▸'} {self._title}"
        room = max(0, button.width() - 16)
        button.setText(button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))

    def _on_toggled(self, is_open: bool) -> None:
        self.content().setMaximumHeight(UNLIMITED if is_open else 0)
        self.content().setVisible(is_open)
        self._show_title()


def _no_icon() -> QIcon:
    """One that nobody sees. PySide6 calls an empty icon false, and superqt then has none to set."""
    pixmap = QPixmap(1, 1)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)
