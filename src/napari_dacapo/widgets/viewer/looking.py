"""Moving a viewer to a place in the engine's world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.widgets.viewer.world import unit_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dacapo.arrays.box import World

FILLED = 0.95  # of the canvas


def look_at(viewer: ViewerModel, place: World) -> None:
    """Its slice, with the place in the middle; the zoom stays. Axes are counted from the last one."""
    factor = nanometers(unit_of(viewer)) or 1.0
    point = [*viewer.dims.point[: viewer.dims.ndim - len(place)], *(each / factor for each in place)]
    viewer.dims.point = point
    viewer.scene.camera.center = tuple(point[axis] for axis in viewer.dims.displayed)


def fit(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """All of the layers, as large as they can be. Napari does it where they have as many axes as the viewer.

    A film has one more than what was made of a time point. Where they lie across the screen nothing moves.
    """
    count = min((layer.ndim for layer in layers), default=0)
    axes = [axis - viewer.dims.ndim for axis in viewer.dims.displayed]
    if min(axes) < -count:
        return
    corners = np.array([layer.extent.world[:, -count:] for layer in layers])[..., axes]
    begin, end = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    viewer.scene.camera.center = tuple(((begin + end) / 2).tolist())
    room = viewer.canvas.viewbox_size(viewer.layers) / np.maximum((end - begin)[-2:], np.finfo(float).tiny)
    viewer.scene.camera.zoom = FILLED * float(room.min())
