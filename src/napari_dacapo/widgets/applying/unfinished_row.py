"""What was begun and is not complete, offered to be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from napari_dacapo.experiments.applying.unfinished import Unfinished


class UnfinishedRow(QWidget):
    """A button for the newest; a choice above it where there are several. Hidden where there is none."""

    wanted = Signal(object)  # the Unfinished

    def __init__(self, obstacle: Callable[[Unfinished], str], parent: QWidget | None = None) -> None:
        """`obstacle`: why one cannot be gone on with now; empty if it can."""
        super().__init__(parent)
        self._obstacle = obstacle
        self._offered: tuple[Unfinished, ...] = ()
        self.choice = QComboBox()
        self.choice.setAccessibleName("unfinished results")
        self.choice.setToolTip("Results that were begun and are not complete, the newest first.")
        self.button = QPushButton()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.choice)
        column.addWidget(self.button)
        self.choice.currentIndexChanged.connect(lambda _: self.show_state())
        self.button.clicked.connect(self._on_clicked)
        self.offer(())

    def offer(self, found: Sequence[Unfinished]) -> None:
        self._offered = tuple(found)
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems([each.output.name for each in found])
        self.choice.blockSignals(False)
        self.choice.setVisible(len(found) > 1)
        self.setVisible(bool(found))
        self.show_state()

    def show_state(self) -> None:
        """What the button does, or why it cannot be pressed."""
        if not self._offered:
            return
        chosen = self._offered[self.choice.currentIndex()]
        obstacle = self._obstacle(chosen)
        self.button.setText(f"Go on with {chosen.output.name}")
        self.button.setEnabled(not obstacle)
        state = f"{chosen.done:,} of {chosen.of:,} blocks are predicted"
        does = f"{state}; only what is missing is done. It lies in {chosen.output}."
        self.button.setToolTip(obstacle or does)

    def _on_clicked(self) -> None:
        self.wanted.emit(self._offered[self.choice.currentIndex()])
