"""What the colours of a layer mean."""

from __future__ import annotations

from html import escape

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QWidget

from napari_dacapo.widgets.results.scored_runs import Legend as Meanings


class Legend(QLabel):
    """A square of each colour before its meaning; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.hide()

    def show_meanings(self, meanings: Meanings) -> None:
        entries = [
            f'<span style="color: {QColor.fromRgbF(*color).name()}">\u25a0</span>&nbsp;{escape(meaning)}'
            for meaning, color in meanings.items()
        ]
        self.setText(" &nbsp; ".join(entries))
        self.setVisible(bool(entries))
