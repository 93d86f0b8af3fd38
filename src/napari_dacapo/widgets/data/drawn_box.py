"""A rectangle that a person draws in a Shapes layer, followed while it is drawn and moved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.boxes import VALIDATION
from napari_dacapo.widgets.viewer.world import unit_of
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray

FOLLOWS = ("data", "set_data", "scale", "translate", "rotate", "shear", "affine", "units")
SETTLES = 120  # milliseconds after the last event
EDGE = 0.004  # of the data's largest side
GETS_READY = "Gets ready to draw; the first time on a computer this takes some seconds."


class DrawnBox(QObject):
    """The shape that was drawn or moved last counts, wherever the layer was moved, whatever it is called.

    `title`: of the layer, at first.
    """

    ready = Signal()  # a person can draw now
    drawn = Signal(object)  # (n, axes) float: its corners in the engine's world

    def __init__(self, viewer: ViewerModel, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._title = title
        self._layer: Shapes | None = None
        self._before: list[NDArray[np.float64]] = []
        self.background = Background(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLES)
        self._timer.timeout.connect(self._read)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Shapes | None:
        return self._layer

    def start(self, around: Box) -> None:
        """Let a person draw, from `ready` on; `around`: where the data lie, in the engine's world."""
        if self._layer is not None and self._layer.ndim == len(around.begin):
            self._begin()
        elif not self.background.is_busy:
            self.background.do(_compile, then=partial(self._make, around))

    def close(self) -> None:
        """Follow the viewer no longer."""
        self._forget()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _make(self, around: Box, _: None) -> None:
        self._forget()
        self._follow(self._added(around))
        self._begin()

    def _begin(self) -> None:
        self._viewer.dims.ndisplay = 2
        self._viewer.layers.selection.active = self._layer
        if self._layer is not None:
            self._layer.visible, self._layer.mode = True, "add_rectangle"
        self.ready.emit()

    def _added(self, around: Box) -> Shapes:
        unit = unit_of(self._viewer)
        dims = len(around.begin)
        width = EDGE * max(around.size) / _length_of(unit)
        layer = self._viewer.add_shapes(
            name=self._title,
            ndim=dims,
            units=(unit,) * dims,
            axis_labels=tuple("zyx"[-dims:]),
            edge_color=np.array([VALIDATION]),
            face_color="transparent",
            edge_width=width,
        )
        layer.current_edge_width = width
        return layer

    def _follow(self, layer: Shapes) -> None:
        self._layer, self._before = layer, []
        for name in FOLLOWS:
            getattr(layer.events, name).connect(self._on_event)

    def _on_event(self, _: Any) -> None:
        self._timer.start()

    def _read(self) -> None:
        if self._layer is None:
            return
        factor = _length_of(str(self._layer.units[-1]))
        now = [factor * _in_world(self._layer, shape) for shape in self._layer.data]
        before, self._before = self._before, now
        changed = [
            corners
            for place, corners in enumerate(now)
            if place >= len(before) or not np.array_equal(corners, before[place])
        ]
        if changed and len(now) >= len(before):
            self.drawn.emit(changed[-1])

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._forget()

    def _forget(self) -> None:
        self._timer.stop()
        if self._layer is not None:
            for name in FOLLOWS:
                getattr(self._layer.events, name).disconnect(self._on_event)
        self._layer, self._before = None, []


def _compile() -> None:
    """What napari compiles for the first layer of shapes, and keeps on the disk: not in the window's time."""
    Shapes()


def _length_of(unit: str) -> float:
    """In nanometers; of pixels, and of what a person gave the layer that is no length, 1."""
    try:
        return nanometers(unit) or 1.0
    except UserInputError:
        return 1.0


def _in_world(layer: Shapes, shape: NDArray[Any]) -> NDArray[np.float64]:
    return np.array([layer.data_to_world(corner) for corner in shape], np.float64)
