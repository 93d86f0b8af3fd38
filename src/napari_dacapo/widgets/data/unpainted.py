"""What is not painted of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from qtpy.QtWidgets import QComboBox, QWidget

from napari_dacapo.datasplits.ids import Unlabelled
from napari_dacapo.layers.strokes import may_be_strokes

if TYPE_CHECKING:
    from napari.layers import Layer

WORDS = {"nothing": "background", "zero": "unknown; background is painted as 1"}  # as a Dataset says it


class Unpainted(QComboBox):
    """Each layer keeps what a person chose for it. One that is new takes the last choice if it may fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for value, text in WORDS.items():
            self.addItem(text, value)
        self.setToolTip(
            "What the labels' 0 means. For a few strokes of the brush: unknown, and nothing is learned there."
        )
        self.setAccessibleName("what is not painted")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._layer: Layer | None = None
        self._last: Unlabelled = "nothing"  # that a person chose
        self._chosen: WeakKeyDictionary[Layer, Unlabelled] = WeakKeyDictionary()
        self.activated.connect(self._on_chosen)

    @property
    def unlabelled(self) -> Unlabelled:
        return cast(Unlabelled, self.currentData())

    def show_for(self, layer: Layer | None) -> None:
        """Of these labels. Without any, what is chosen is for those that come."""
        if layer is self._layer:
            return
        is_first, self._layer = self._layer is None, layer
        if layer is not None:
            wanted = self._chosen.get(layer, self._last if is_first else self._suggested(layer))
            self.setCurrentIndex(self.findData(wanted))

    def _suggested(self, layer: Layer) -> Unlabelled:
        return self._last if may_be_strokes(layer.data) else "nothing"

    def _on_chosen(self, _: int) -> None:
        self._last = self.unlabelled
        if self._layer is not None:
            self._chosen[self._layer] = self._last
