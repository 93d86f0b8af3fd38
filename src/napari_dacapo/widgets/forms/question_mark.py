"""A question mark that tells what a field is."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton, QToolTip

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.words import label

HEIGHT = 24  # of one line, so that it stands beside the first where there are several


class QuestionMark(QToolButton):
    """Tells when the mouse rests on it, and at once when clicked."""

    def __init__(self, field: Declared) -> None:
        super().__init__()
        self.setText("?")
        self.setAutoRaise(True)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field itself is described to screen readers
        self.setAccessibleName(f"About {label(field)}")
        self.setToolTip(field.description)
        self.setWhatsThis(field.description)
        self.clicked.connect(self._tell)

    def _tell(self) -> None:
        QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self.toolTip(), self)
