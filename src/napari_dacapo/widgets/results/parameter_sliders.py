"""A slider for each parameter of a post-processing."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QWidget
from superqt import QLabeledDoubleSlider, QLabeledSlider

from napari_dacapo.tasks.task import Parameters, Range
from napari_dacapo.widgets.forms.words import words

LEAST_REACH = 1000.0  # of a slider whose field has no upper bound
REACH = 4.0  # times the present value
DECIMALS = 2

Slider = QLabeledSlider | QLabeledDoubleSlider


class ParameterSliders(QWidget):
    """`moved` comes when a person moves one, not when they are shown."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sliders: dict[str, Slider] = {}
        self._given: Parameters = {}  # where the sliders stood before they were moved
        self._others: dict[str, float | int | str | bool] = {}  # that have no slider
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)

    @property
    def parameters(self) -> Parameters:
        """What is moved is rounded to what the slider tells; what is not stays as it was given."""
        return {**self._others, **{name: self._value(name) for name in self.sliders}}

    def show_parameters(self, ranges: Mapping[str, Range], parameters: Parameters) -> None:
        """Those of a row; the sliders stay where they are the same ones."""
        numbers = {name: value for name, value in parameters.items() if name in ranges}
        self._others = {name: value for name, value in parameters.items() if name not in ranges}
        if tuple(numbers) != tuple(self.sliders):
            self._lay_out({name: ranges[name] for name in numbers})
        for name, value in numbers.items():
            _set(self.sliders[name], ranges[name], float(value))
        self._given = {name: slider.value() for name, slider in self.sliders.items()}

    def _value(self, name: str) -> float | int:
        value: float | int = self.sliders[name].value()
        return value if value == self._given[name] else round(value, DECIMALS)

    def _lay_out(self, ranges: Mapping[str, Range]) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self.sliders = {name: _slider(each) for name, each in ranges.items()}
        for name, slider in self.sliders.items():
            slider.setToolTip(ranges[name].meaning)
            slider.setAccessibleName(name)
            slider.valueChanged.connect(lambda _: self.moved.emit())
            self._rows.addRow(words(name), slider)


def _slider(declared: Range) -> Slider:
    horizontal = Qt.Orientation.Horizontal
    if declared.is_whole:
        return QLabeledSlider(horizontal)
    slider = QLabeledDoubleSlider(horizontal)
    slider.setDecimals(DECIMALS)
    return slider


def _set(slider: Slider, declared: Range, value: float) -> None:
    """Without telling that it moved."""
    kind = int if declared.is_whole else float
    reach = max(LEAST_REACH, REACH * abs(value))
    slider.blockSignals(True)
    slider.setRange(kind(max(declared.lowest, -reach)), kind(min(declared.highest, reach)))
    slider.setValue(kind(value))
    slider.blockSignals(False)
