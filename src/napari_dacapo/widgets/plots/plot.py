"""The curves of training: a loss on the left axis, a validation score on the right one."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from napari_dacapo.widgets.plots.canvas import Canvas
from napari_dacapo.widgets.plots.curve import Curve

PARTS = 20  # of a power of ten, one a step of the slider
FIRST_POSITION = 34  # 50 iterations


class TrainingPlot(QWidget):
    """Curves of one or several runs, a switch for a logarithmic loss and a slider that smooths it."""

    picked = Signal(int, str)  # the iteration of a score that was clicked, and the name of its curve

    def __init__(self, score_name: str = "score", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(score_name)
        self.canvas.picked.connect(self.picked)
        self.logarithmic = QCheckBox("log")
        self.logarithmic.setToolTip("Show the loss on a logarithmic axis.")
        self.logarithmic.toggled.connect(self._set_logarithmic)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 3 * PARTS)
        self.smoothing.setAccessibleName("smoothing of the loss")
        self.smoothing.setToolTip("Over how many iterations the loss is averaged.")
        self.smoothing.valueChanged.connect(self._smooth)
        self._smoothed = QLabel()
        self._lay_out()
        self.smoothing.setValue(FIRST_POSITION)

    @property
    def curves(self) -> tuple[Curve, ...]:
        return tuple(self.canvas.curves.values())

    def curve(self, name: str) -> Curve:
        """The one of that name; an empty one where there is none."""
        return self.canvas.curves.get(name) or Curve(name)

    def set_curves(self, curves: Iterable[Curve]) -> None:
        """Draw these and no others."""
        self.canvas.set_curves(curves)

    def set_curve(self, curve: Curve) -> None:
        """Draw it in place of the one of its name, else beside the others."""
        self.canvas.set_curves({**self.canvas.curves, curve.name: curve}.values())

    def set_score_name(self, name: str) -> None:
        """What is written at the right axis."""
        self.canvas.score_name = name
        self.canvas.update()

    def choose(self, name: str, iteration: int) -> None:
        """Draw a ring around a score of that curve."""
        self.canvas.chosen = (name, iteration)
        self.canvas.update()

    def _lay_out(self) -> None:
        options = QHBoxLayout()
        for widget in (self.logarithmic, QLabel("smooth"), self.smoothing, self._smoothed):
            options.addWidget(widget)
        self._smoothed.setMinimumWidth(self.fontMetrics().horizontalAdvance("1,000 iterations"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(options)

    def _smooth(self, position: int) -> None:
        iterations = round(10 ** (position / PARTS))
        self._smoothed.setText("off" if iterations == 1 else f"{iterations:,} iterations")
        self.canvas.smoothing = iterations
        self.canvas.update()

    def _set_logarithmic(self, logarithmic: bool) -> None:
        self.canvas.logarithmic = logarithmic
        self.canvas.update()
