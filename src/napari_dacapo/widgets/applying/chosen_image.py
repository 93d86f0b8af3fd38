"""What is segmented: a layer of the viewer or a file, all of it or a part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.arrays.file import File
from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.drawn import box_of
from napari_dacapo.layers.keeping import ChosenLayer
from napari_dacapo.layers.possible_axes import likely_axes
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource
from napari_dacapo.widgets.data.axes_choice import AxesChoice
from napari_dacapo.widgets.data.drawn_box import GETS_READY, DrawnBox
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.viewer.layer_choice import LayerChoice
from napari_dacapo.widgets.viewer.shown_layers import OURS
from napari_dacapo.widgets.viewer.world import view_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dacapo.arrays.box import Box

LAYER, FILE = 0, 1  # where the image comes from
EVERYTHING, SEEN, DRAWN = 0, 1, 2  # how much of it
DRAW = "Draw a rectangle over the image; what lies in it, in all slices, is segmented."
SETTLES = 400  # milliseconds after the view moved last


class ChosenImage(QWidget):
    """The image, and which part of it."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._box: Box | None = None  # as it was drawn
        self.source = QComboBox()
        self.layer = LayerChoice(viewer, (Image,), "image to segment", self)
        self.axes = AxesChoice("image to segment")
        self.file = Form(File)
        self.of_layer, self.of_file = QWidget(), _scrolled(self.file)
        self.region = QComboBox()
        self.draw = QPushButton("Draw")
        self.drawn_box = DrawnBox(viewer, "box to segment", self)
        self._moved = QTimer(self)
        self._moved.setSingleShot(True)
        self._moved.setInterval(SETTLES)
        self._lay_out()
        self._connect()
        self.layer.choose(_first_image(viewer))
        self._on_layer()

    @property
    def problem(self) -> str:
        """Why it cannot be segmented; empty if it can, as far as is known."""
        if self.is_file:
            return str(self.file.problems[0]) if self.file.problems else ""
        if self.layer.layer is None:
            return "Choose an image layer, or a file."
        if self.region.currentIndex() == DRAWN and self._box is None:
            return "Press Draw and draw a rectangle over the image."
        return ""

    @property
    def title(self) -> str:
        """Empty where there is none."""
        if self.is_file:
            return "" if self.file.problems else Path(cast(File, self.file.value).path).stem
        return "" if self.layer.layer is None else self.layer.layer.name

    @property
    def is_file(self) -> bool:
        return self.source.currentIndex() == FILE

    @property
    def chosen(self) -> LayerSource | FileSource:
        """Where there is no problem. Raises UserInputError for what cannot be used."""
        if self.is_file:
            file = cast(File, self.file.value).absolute()
            return FileSource(file, Path(file.path).stem)
        region = self.region.currentIndex()
        return LayerSource(
            self.layer_of(cast(Image, self.layer.layer)),
            box=self._box if region == DRAWN else None,
            view=view_of(self._viewer) if region == SEEN else None,
        )

    def layer_of(self, layer: Layer) -> ChosenLayer:
        """A layer with what is chosen about its axes, if it is the one; else as it tells itself."""
        shown = ShownLayer.of(layer)
        if layer is self.layer.layer:
            return ChosenLayer(shown, self.axes.axes, self.axes.time)
        return ChosenLayer(shown, None, self._time_shown(layer))

    def named(self, title: str) -> Layer | None:
        """The image layer of that name, if there is one that is not a result of ours."""
        return next((each for each in _images(self._viewer) if each.name == title), None)

    def close(self) -> bool:
        """Follow the viewer no longer."""
        self.layer.close()
        self.drawn_box.close()
        for event in self._movements:
            event.disconnect(self._on_moved)
        return super().close()

    def _lay_out(self) -> None:
        self.source.addItems(["A layer of the viewer", "A file or folder"])
        self.source.setToolTip("A file need not be opened in napari; it is read piece by piece.")
        self.region.addItems(["Everything", "Only what I see", "A box that I draw"])
        self.draw.setToolTip("Draw a rectangle over the image: what lies in it, through all slices.")
        for combo, name in ((self.source, "where from"), (self.region, "how much")):
            combo.setAccessibleName(f"{name} to apply")
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        layer = QHBoxLayout()
        layer.addWidget(self.layer.combo.native, 1)
        layer.addWidget(self.axes)
        region = QHBoxLayout()
        region.addWidget(self.region, 1)
        region.addWidget(self.draw)
        chosen = QFormLayout(self.of_layer)
        chosen.setContentsMargins(0, 0, 0, 0)
        chosen.addRow("layer", layer)
        chosen.addRow("region", region)
        rows = QFormLayout()
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("image", self.source)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(rows)
        column.addWidget(self.of_layer)
        column.addWidget(self.of_file, 1)

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self._on_changed)
        self.layer.changed.connect(self._on_layer)
        self.layer.lost.connect(
            lambda name: self.said.emit(f"The layer {name} was removed; choose another one.")
        )
        self.axes.letters.currentIndexChanged.connect(self._on_changed)
        self.axes.point.valueChanged.connect(self._on_changed)
        self.file.changed.connect(self._on_changed)
        self.region.currentIndexChanged.connect(self._on_region)
        self.draw.clicked.connect(self._draw)
        self.drawn_box.ready.connect(self._on_ready)
        self.drawn_box.drawn.connect(self._on_drawn)
        self._moved.timeout.connect(self.changed)
        for event in self._movements:
            event.connect(self._on_moved)

    @property
    def _movements(self) -> tuple[Any, ...]:
        camera = self._viewer.scene.camera.events
        return camera.center, camera.zoom, self._viewer.dims.events.point, self._viewer.dims.events.order

    def _on_changed(self, _: Any = None) -> None:
        self.of_layer.setVisible(not self.is_file)
        self.of_file.setVisible(self.is_file)
        self.draw.setVisible(self.region.currentIndex() == DRAWN)
        self.changed.emit()

    def _on_layer(self) -> None:
        layer = self.layer.layer
        self._box = None
        self.axes.show_for(None if layer is None else ShownLayer.of(layer))
        if layer is not None:
            self.axes.point.setValue(self._time_shown(layer) or 0)
        self._on_changed()

    def _time_shown(self, layer: Layer) -> int | None:
        """Where the slider of its time axis stands; nothing where it has none."""
        letters = likely_axes(ShownLayer.of(layer)) or ""
        if "t" not in letters:
            return None
        point = self._viewer.dims.point[-layer.ndim :]
        return max(0, int(np.rint(layer.world_to_data(point)[letters.index("t")])))

    def _on_region(self) -> None:
        if self.region.currentIndex() == DRAWN and self._box is None:
            self._draw()
        self._on_changed()

    def _on_moved(self, _: Any = None) -> None:
        if self.region.currentIndex() == SEEN and not self.is_file:
            self._moved.start()

    @property
    def _whole(self) -> Box | None:
        """What the layer covers; nothing where it cannot be used."""
        layer = self.layer.layer
        if layer is None:
            return None
        try:
            return self.layer_of(layer).image().box
        except DacapoError as error:
            self.said.emit(str(error))
            return None

    def _draw(self) -> None:
        whole = self._whole
        if whole is not None:
            self.said.emit(GETS_READY)
            self.drawn_box.start(whole)

    def _on_ready(self) -> None:
        self.said.emit(DRAW)

    def _on_drawn(self, corners: Any) -> None:
        whole = self._whole
        if whole is None:
            return
        box = box_of(corners, whole, self._box or whole)
        if box is None:
            self.said.emit("The rectangle lies beside the image. Draw it over the image.")
        elif box != self._box:
            self._box = box
            self.said.emit("")
            self._on_changed()


def _images(viewer: ViewerModel) -> list[Layer]:
    return [each for each in viewer.layers if isinstance(each, Image) and OURS not in each.metadata]


def _first_image(viewer: ViewerModel) -> Layer | None:
    return next(iter(_images(viewer)), None)


def _scrolled(form: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(form)
    return scroll
