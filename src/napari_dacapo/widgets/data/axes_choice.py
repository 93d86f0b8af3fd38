"""Which axis of a layer is which, where the layer does not tell, and which time point is taken."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from napari_dacapo.layers.possible_axes import likely_axes, possible_axes
from napari_dacapo.layers.shown import ShownLayer

CHOOSE = "axes?"


class AxesChoice(QWidget):
    """Shows nothing for layers that tell all."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letters = QComboBox()
        self.letters.setToolTip("A letter for each axis of the layer: t time, c channels, z, y, x.")
        self.letters.setAccessibleName(f"axes of the {what}")
        self.point = QSpinBox()
        self.point.setPrefix("t = ")
        self.point.setToolTip("The time point that is taken.")
        self.point.setAccessibleName(f"time point of the {what}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.letters)
        row.addWidget(self.point)
        self._layer: ShownLayer | None = None
        self._told: str | None = None  # the axes that are taken without a choice
        self.letters.currentIndexChanged.connect(self._show_time)
        self.show_for(None)

    @property
    def axes(self) -> str | None:
        """What a person chose; None where the layer tells, or where nothing else is chosen yet."""
        chosen: str | None = self.letters.currentData()
        return None if chosen == self._told else chosen

    @property
    def time(self) -> int | None:
        """None where there is one time point."""
        return self.point.value() if self._has_time else None

    def show_for(self, layer: ShownLayer | None) -> None:
        """What there is to choose; what was chosen stays where it can."""
        self._layer = layer
        self._told = None if layer is None else likely_axes(layer)
        possible = () if layer is None else possible_axes(layer)
        if possible != self._possible:
            self._fill(possible)
        self.letters.setVisible(bool(possible))
        self._show_time()

    @property
    def _possible(self) -> tuple[str, ...]:
        data = (self.letters.itemData(place) for place in range(self.letters.count()))
        return tuple(each for each in data if each is not None)

    @property
    def _has_time(self) -> bool:
        return self._layer is not None and "t" in (self.axes or self._told or "")

    def _fill(self, possible: tuple[str, ...]) -> None:
        self.letters.blockSignals(True)
        self.letters.clear()
        if self._told is None and possible:
            self.letters.addItem(CHOOSE, None)
        for each in possible:
            self.letters.addItem(each, each)
        self.letters.blockSignals(False)

    def _show_time(self) -> None:
        letters = self.axes or self._told
        if self._layer is not None and letters is not None and "t" in letters:
            self.point.setMaximum(self._layer.shape[letters.index("t")] - 1)
        self.point.setVisible(self._has_time)
        self.setVisible(self._has_time or self.letters.count() > 0)
