"""The layers of the viewer that one dataset is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton, QWidget

from napari_dacapo.datasplits.ids import Unlabelled
from napari_dacapo.layers.keeping import ChosenLayer
from napari_dacapo.layers.pairing import likeliest
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.widgets.data.axes_choice import AxesChoice
from napari_dacapo.widgets.data.chosen_layers import ChosenLayers
from napari_dacapo.widgets.data.unpainted import Unpainted
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.viewer.layer_choice import LayerChoice
from napari_dacapo.widgets.viewer.shown_layers import OURS

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

NEEDED = ("image", "labels")
CONVERT = "Labels that napari shows as an image: right-click the layer, Convert to Labels."


@dataclass(frozen=True, slots=True, eq=False)
class Viewed:
    """Layers as they were chosen, so that they can be used again as they are later."""

    title: str
    layers: dict[str, Layer]  # "image", "labels" and perhaps "mask"
    axes: dict[str, tuple[str | None, int | None]]  # and time points
    unlabelled: Unlabelled
    trains: bool = False  # whether it never validates by itself

    @property
    def chosen(self) -> ChosenLayers:
        """What they hold now. Raises UserInputError for a layer that cannot be used."""
        parts = {
            name: ChosenLayer(ShownLayer.of(layer), *self.axes[name]) for name, layer in self.layers.items()
        }
        mask = parts.get("mask")
        return ChosenLayers(self.title, parts["image"], parts["labels"], mask, self.unlabelled, self.trains)


class LayersBox(QGroupBox):
    """An image, its labels, perhaps a mask; what of their axes they do not tell."""

    wanted = Signal(object, bool)  # the Viewed to train on, and whether it alone
    lost = Signal(str)  # the name of a chosen layer that was removed
    offered = Signal()  # others were chosen without a person

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__("Layers of the viewer", parent)
        self._viewer = viewer
        self._has_datasets = False
        self._is_busy = False
        self._used: Collection[Layer] = ()
        self._offered: dict[str, Layer | None] = {}  # what was chosen without a person
        self.choices = {
            "image": LayerChoice(viewer, (Image,), "image", self),
            "labels": LayerChoice(viewer, (Labels,), "labels", self),
            "mask": LayerChoice(viewer, (Labels,), "mask of what is labelled, if not everything is", self),
        }
        self.axes = {name: AxesChoice(viewer, name) for name in self.choices}
        self.unpainted = Unpainted()
        self.use = QPushButton("Use these layers")
        self.add = QPushButton("Add as another")
        self._lay_out()
        for name, choice in self.choices.items():
            choice.changed.connect(self._on_changed)
            choice.lost.connect(self.lost)
            self.axes[name].letters.setMinimumContentsLength(4)
        self.use.clicked.connect(partial(self._on_wanted, True))
        self.add.clicked.connect(partial(self._on_wanted, False))
        viewer.layers.events.inserted.connect(self._on_inserted, position="last")  # the choices know it then
        self.choose_next(())

    @property
    def viewed(self) -> Viewed:
        """What is chosen."""
        layers = {name: choice.layer for name, choice in self.choices.items() if choice.layer is not None}
        title = "" if "image" not in layers else layers["image"].name
        axes = {name: (self.axes[name].axes, self.axes[name].time) for name in layers}
        return Viewed(title, layers, axes, self.unpainted.unlabelled)

    def choose_next(self, used: Collection[Layer]) -> None:
        """The first image that is not used yet with the labels that are most like it, if there are any."""
        self._used = used
        unused = [each for each in self._viewer.layers if each not in used and OURS not in each.metadata]
        images = [each for each in unused if isinstance(each, Image)]
        labels = [each for each in unused if isinstance(each, Labels)]
        if images and (labels or not used):
            self.choices["image"].choose(images[0])
            place = likeliest(_named(images[0]), [_named(each) for each in labels])
            self.choices["labels"].choose(None if place is None else labels[place])
            self.choices["mask"].choose(None)
            self._offered = {name: choice.layer for name, choice in self.choices.items()}
        self._on_changed()

    def show_state(self, has_datasets: bool, is_busy: bool) -> None:
        """Whether there is a dataset that another can be added to, and whether layers are being saved."""
        self._has_datasets, self._is_busy = has_datasets, is_busy
        self._enable()

    def close(self) -> bool:
        """Follow the viewer no longer."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for choice in self.choices.values():
            choice.close()
        return super().close()

    def _lay_out(self) -> None:
        rows = QFormLayout(self)
        for name, choice in self.choices.items():
            row = QHBoxLayout()
            row.addWidget(choice.combo.native, 1)
            row.addWidget(self.axes[name])
            rows.addRow(name, row)
        rows.addRow("unpainted", self.unpainted)
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addWidget(self.add)
        rows.addRow(buttons)

    def _on_inserted(self, event: Any) -> None:
        """Layers may come before this page or after it; what a person chose stays."""
        is_untouched = all(
            choice.layer in (None, self._offered.get(name)) for name, choice in self.choices.items()
        )
        if is_untouched and OURS not in event.value.metadata:
            before = self._offered
            self.choose_next(self._used)
            if self._offered != before:
                self.offered.emit()

    def _on_wanted(self, alone: bool, _checked: bool = False) -> None:
        self._on_changed()  # a layer may tell its axes by now
        self.wanted.emit(self.viewed, alone)

    def _on_changed(self) -> None:
        for name, choice in self.choices.items():
            self.axes[name].show_for(choice.layer)
        self.unpainted.show_for(self.choices["labels"].layer)
        self._enable()

    def _enable(self) -> None:
        missing = [name for name in NEEDED if self.choices[name].layer is None]
        reason = f"Choose a layer for: {', '.join(missing)}." if missing else ""
        reason += f" {CONVERT}" if "labels" in missing else ""
        reason = "The layers are being saved." if self._is_busy else reason
        alone = "Train on this pair alone; a part at one side of it validates."
        another = "Use it beside the datasets that are listed below."
        first = "" if self._has_datasets else "Use a first pair of layers, then others can be added."
        allow(self.use, alone, reason)
        allow(self.add, another, reason or first)


def _named(layer: Layer) -> tuple[str, tuple[int, ...]]:
    return layer.name, tuple(ShownLayer.of(layer).shape)
