"""A combo of the layers of some kind that a viewer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QComboBox

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LETTERS = 8  # of a name that are seen at the least


class LayerChoice(QObject):
    """Follows the viewer: layers that come, go or are renamed. A layer is known by itself, not by its name.

    A chosen layer that is removed leaves nothing chosen, and `lost` tells its name.
    """

    changed = Signal()
    lost = Signal(str)

    def __init__(
        self, viewer: ViewerModel, kinds: tuple[type[Layer], ...], what: str, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._kinds = kinds
        self._what = f"The layer of the {what}."
        self.combo = ComboBox(choices=self._choices, nullable=True, tooltip=self._what)
        self.combo.native.setAccessibleName(what)
        self.combo.native.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.combo.native.setMinimumContentsLength(LETTERS)
        self.combo.changed.connect(self._tell)
        viewer.layers.events.removed.connect(self._on_removed)
        for event in (viewer.layers.events.inserted, viewer.layers.events.reordered):
            event.connect(self._refresh)
        viewer.layers.events.inserted.connect(self._follow)
        for layer in viewer.layers:
            layer.events.name.connect(self._refresh)

    @property
    def layer(self) -> Layer | None:
        return self.combo.value

    def choose(self, layer: Layer | None) -> None:
        self.combo.value = layer

    def close(self) -> None:
        """Follow the viewer no longer."""
        events = self._viewer.layers.events
        events.removed.disconnect(self._on_removed)
        for event in (events.inserted, events.reordered):
            event.disconnect(self._refresh)
        events.inserted.disconnect(self._follow)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self._refresh)

    def _tell(self, layer: Layer | None) -> None:
        """A long name may not fit."""
        self._explain(layer)
        self.changed.emit()

    def _explain(self, layer: Layer | None) -> None:
        self.combo.tooltip = self._what if layer is None else f"{self._what}\n{layer.name}"

    def _choices(self, _: Any) -> list[tuple[str, Layer]]:
        return [(layer.name, layer) for layer in self._viewer.layers if isinstance(layer, self._kinds)]

    def _follow(self, event: Any) -> None:
        event.value.events.name.connect(self._refresh)

    def _refresh(self, _: Any = None) -> None:
        """The combo knows a layer by its name, and would lose one that has another now."""
        chosen = self.layer
        with self.combo.changed.blocked():
            self.combo.reset_choices()
            if chosen in self._viewer.layers:
                self.combo.value = chosen
        if self.layer is chosen:
            self._explain(chosen)
        else:
            self._tell(self.layer)

    def _on_removed(self, event: Any) -> None:
        was_chosen = self.layer is event.value
        self.combo.value = None if was_chosen else self.combo.value
        self._refresh()
        if was_chosen:
            self.lost.emit(event.value.name)
