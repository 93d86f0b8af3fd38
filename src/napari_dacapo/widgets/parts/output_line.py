"""The folder that results are written to."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class OutputLine(QWidget):
    """Suggested until a person types another, or chooses the folder around it."""

    edited = Signal()  # by a person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setAccessibleName("folder to write to")
        self.line.setToolTip("A folder that is not there yet, or one with earlier results.")
        self.button = QPushButton("Folder…")
        self.button.setToolTip("Choose the folder in which it is made.")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.is_named = False  # by a person
        self.line.textEdited.connect(self._on_edited)
        self.button.clicked.connect(self._choose)

    @property
    def path(self) -> Path | None:
        """None where nothing is typed."""
        text = self.line.text().strip()
        return Path(text).expanduser().absolute() if text else None

    def suggest(self, path: Path) -> None:
        """Shown unless a person named another."""
        if not self.is_named:
            self.line.setText(str(path))

    def _on_edited(self) -> None:
        self.is_named = bool(self.line.text().strip())
        self.edited.emit()

    def _choose(self) -> None:
        shown = self.path
        around = QFileDialog.getExistingDirectory(self, "Choose the folder around it", str(shown or ""))
        if around:
            self.line.setText(str(Path(around) / (shown.name if shown else "segmented")))
            self._on_edited()
