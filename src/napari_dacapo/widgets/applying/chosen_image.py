"""What is segmented: a layer of the viewer or a file, all of it or a part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.drawn import box_of
from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource
from napari_dacapo.widgets.applying.chosen_source import ChosenSource
from napari_dacapo.widgets.data.drawn_box import GETS_READY, DrawnBox
from napari_dacapo.widgets.viewer.world import view_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.arrays.box import Box

EVERYTHING, SEEN, DRAWN = 0, 1, 2  # how much of it
DRAW = "Draw a rectangle over the image; what lies in it, in all slices, is segmented."
SETTLES = 400  # milliseconds after the view moved last


class ChosenImage(ChosenSource):
    """The image, and which part of it."""

    label = "image"
    missing = "Choose an image layer, or a file."

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(viewer, (Image,), "image to segment", parent)
        self._box: Box | None = None  # as it was drawn
        self.region = QComboBox()
        self.draw = QPushButton("Draw")
        self.drawn_box = DrawnBox(viewer, "box to segment", self)
        self._moved = QTimer(self)
        self._moved.setSingleShot(True)
        self._moved.setInterval(SETTLES)
        self._lay_out_region()
        self._connect()
        self.layer.choose(next(self._not_ours, None))
        self._on_layer()

    @property
    def problem(self) -> str:
        if not super().problem and self._is_drawn and self._box is None:
            return "Press Draw and draw a rectangle over the image."
        return super().problem

    @property
    def chosen(self) -> LayerSource | FileSource:
        source = super().chosen
        if isinstance(source, FileSource):
            return source
        view = view_of(self._viewer) if self.region.currentIndex() == SEEN else None
        return replace(source, box=self._box if self._is_drawn else None, view=view)

    def close(self) -> bool:
        """Follow the viewer no longer."""
        self.drawn_box.close()
        self._viewer.layers.events.inserted.disconnect(self._choose_first)
        for event in self._movements:
            event.disconnect(self._on_moved)
        return super().close()

    def _lay_out_region(self) -> None:
        self.region.addItems(["Everything", "Only what I see", "A box that I draw"])
        self.region.setAccessibleName("how much to apply")
        self.region.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.draw.setToolTip("Draw a rectangle over the image: what lies in it, through all slices.")
        region = QHBoxLayout()
        region.addWidget(self.region, 1)
        region.addWidget(self.draw)
        self.rows.addRow("region", region)

    def _connect(self) -> None:
        self.region.currentIndexChanged.connect(self._on_region)
        self.draw.clicked.connect(self._draw)
        self.drawn_box.ready.connect(self._on_ready)
        self.drawn_box.drawn.connect(self._on_drawn)
        self._moved.timeout.connect(self.changed)
        for event in self._movements:
            event.connect(self._on_moved)
        inserted = self._viewer.layers.events.inserted
        inserted.connect(self._choose_first, position="last")  # the choice knows it then

    def _choose_first(self, _: Any = None) -> None:
        """What a person chose stays."""
        if self.layer.layer is None:
            self.layer.choose(next(self._not_ours, None))

    @property
    def _movements(self) -> tuple[Any, ...]:
        camera = self._viewer.scene.camera.events
        return camera.center, camera.zoom, self._viewer.dims.events.point, self._viewer.dims.events.order

    @property
    def _is_drawn(self) -> bool:
        """Whether a box of the layer is wanted."""
        return self.region.currentIndex() == DRAWN and not self.is_file

    def _on_changed(self, _: Any = None) -> None:
        self.draw.setVisible(self.region.currentIndex() == DRAWN)
        super()._on_changed()

    def _on_layer(self) -> None:
        self._box = None
        super()._on_layer()

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
