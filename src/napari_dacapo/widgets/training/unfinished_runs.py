"""The offer to go on with runs that an earlier session left unfinished."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from napari_dacapo.widgets.training.queued_work import Unfinished
from napari_dacapo.widgets.training.training_queue import TrainingQueue


class UnfinishedRuns(QWidget):
    """Hidden where there are none, or all of them are in the queue already."""

    def __init__(self, queue: TrainingQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.said = QLabel()
        self.resume = QPushButton("Resume")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.said, 1)
        row.addWidget(self.resume)
        self.resume.clicked.connect(self._resume)
        queue.unfinished_found.connect(self._show)
        queue.reordered.connect(self._show)
        self._show()

    @property
    def _left(self) -> tuple[Unfinished, ...]:
        return tuple(each for each in self._queue.unfinished if self._queue.run(each.name) is None)

    def _show(self) -> None:
        left = self._left
        self.setVisible(bool(left))
        self.said.setText("1 unfinished run" if len(left) == 1 else f"{len(left)} unfinished runs")
        each = "\n".join(f"{run.name}: {run.iteration:,} of {run.of:,} iterations" for run in left)
        self.said.setToolTip(each)
        self.resume.setToolTip(f"Train on where they stopped, one after another.\n{each}")

    def _resume(self) -> None:
        for run in self._left:
            self._queue.add(run.name)
