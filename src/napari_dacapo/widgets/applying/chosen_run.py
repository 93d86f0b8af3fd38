"""A run that was trained, and which of its weights are taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import applied_work
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.available_weights import Weights


class ChosenRun(QWidget):
    """The runs that have weights, read anew when that is wanted; what was chosen stays."""

    turned = Signal()  # to a run
    changed = Signal()  # anything

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._weights: tuple[Weights, ...] = ()
        self._weights_of = ""  # the run that they are of
        self.background = Background(self)
        self.runs = QComboBox()
        self.weights = QComboBox()
        self.runs.setToolTip("The trained run that segments.")
        self.weights.setToolTip("Which of its weights: the best by a score, the last, or of an iteration.")
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, combo in (("run", self.runs), ("weights", self.weights)):
            combo.setAccessibleName(f"{name} to apply")
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            rows.addRow(name, combo)
        self.runs.activated.connect(lambda _: self._on_run())
        self.weights.activated.connect(lambda _: self.changed.emit())

    @property
    def name(self) -> str:
        """Empty where none is trained."""
        return self.runs.currentText()

    @property
    def chosen(self) -> Weights:
        """Where there is no problem."""
        return self._weights[self.weights.currentIndex()]

    @property
    def problem(self) -> str:
        """Why it cannot be applied; empty if it can."""
        if not self.name:
            return "No run is trained yet: train one, or import a model on the page Runs."
        is_known = self._weights and self._weights_of == self.name
        return "" if is_known else "Looks for the weights of the run …"

    def refresh(self) -> None:
        """Read anew which runs were trained, and the weights of the chosen one."""
        self.background.do(applied_work.trained_runs, self._workspace, then=self._show_runs)

    def _show_runs(self, names: tuple[str, ...]) -> None:
        shown = self.name
        self.runs.clear()
        self.runs.addItems(list(names))
        if shown in names:
            self.runs.setCurrentText(shown)
        self._on_run()

    def _on_run(self) -> None:
        if self.name:
            work = partial(applied_work.weights_of, self._workspace, self.name)
            self.background.do(work, then=partial(self._show_weights, self.name))
        self.turned.emit()
        self.changed.emit()

    def _show_weights(self, run: str, weights: tuple[Weights, ...]) -> None:
        if run != self.name:
            return
        kept = self.weights.currentIndex() if run == self._weights_of and weights == self._weights else 0
        self._weights, self._weights_of = weights, run
        self.weights.clear()
        self.weights.addItems([each.title for each in weights])
        self.weights.setCurrentIndex(kept)
        self.changed.emit()
