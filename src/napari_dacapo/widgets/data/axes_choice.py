"""Which axis of a layer is which, where the layer does not tell, and which time point is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from napari_dacapo.layers.possible_axes import likely_axes, possible_axes
from napari_dacapo.layers.shown import ShownLayer

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

CHOOSE = "axes?"


def time_shown(viewer: ViewerModel, layer: Layer, letters: str | None) -> int | None:
    """Where the slider of a layer's time axis stands; nothing where it has none."""
    if letters is None or "t" not in letters:
        return None
    point = viewer.dims.point[-layer.ndim :]
    return max(0, int(np.rint(layer.world_to_data(point)[letters.index("t")])))


class AxesChoice(QWidget):
    """Shows nothing for layers that tell all. The time point is the one on the screen unless chosen."""

    def __init__(self, viewer: ViewerModel, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
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
        self._layer: Layer | None = None
        self._told: str | None = None  # the axes that are taken without a choice
        self.letters.currentIndexChanged.connect(self._on_letters)
        self.show_for(None)

    @property
    def axes(self) -> str | None:
        """What is chosen, or all that is possible; None where the layer tells, or nothing is chosen yet."""
        chosen: str | None = self.letters.currentData()
        return None if chosen == self._told else chosen

    @property
    def time(self) -> int | None:
        """None where there is one time point."""
        return self.point.value() if self._has_time else None

    def show_for(self, layer: Layer | None) -> None:
        """What there is to choose; what was chosen stays where it can."""
        is_other = layer is not self._layer
        self._layer = layer
        shown = None if layer is None else ShownLayer.of(layer)
        self._told = None if shown is None else likely_axes(shown)
        possible = () if shown is None else possible_axes(shown)
        if possible != self._possible:
            self._fill(possible)
        self.letters.setVisible(bool(possible))
        self._show_time()
        if is_other:
            self._take_time()

    @property
    def _possible(self) -> tuple[str, ...]:
        data = (self.letters.itemData(place) for place in range(self.letters.count()))
        return tuple(each for each in data if each is not None)

    @property
    def _taken(self) -> str | None:
        return self.axes or self._told

    @property
    def _has_time(self) -> bool:
        return self._layer is not None and "t" in (self._taken or "")

    def _fill(self, possible: tuple[str, ...]) -> None:
        self.letters.blockSignals(True)
        self.letters.clear()
        if self._told is None and len(possible) > 1:
            self.letters.addItem(CHOOSE, None)
        for each in possible:
            self.letters.addItem(each, each)
        self.letters.blockSignals(False)

    def _on_letters(self) -> None:
        self._show_time()
        self._take_time()

    def _show_time(self) -> None:
        letters = self._taken
        if self._layer is not None and letters is not None and "t" in letters:
            self.point.setMaximum(ShownLayer.of(self._layer).shape[letters.index("t")] - 1)
        self.point.setVisible(self._has_time)
        self.setVisible(self._has_time or self.letters.count() > 0)

    def _take_time(self) -> None:
        if self._layer is not None:
            self.point.setValue(time_shown(self._viewer, self._layer, self._taken) or 0)
