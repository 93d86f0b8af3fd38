"""Moving a viewer to a place in the engine's world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.widgets.viewer.world import unit_of, view_of

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


def bring_into_view(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """The middle of the layers, where nothing of them is on the screen."""
    count = min(layer.ndim for layer in layers)
    begin, end = _extent(layers, count)
    seen, factor = view_of(viewer), nanometers(unit_of(viewer)) or 1.0
    is_before = np.array(seen.end[-count:]) / factor < begin
    is_behind = np.array(seen.begin[-count:]) / factor > end
    if is_before.any() or is_behind.any():
        look_at_all(viewer, layers)


def look_at_all(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """Their middle slice, and as large as they can be."""
    middle = np.mean(_extent(layers, count := min(layer.ndim for layer in layers)), axis=0)
    viewer.dims.point = [*viewer.dims.point[:-count], *middle.tolist()]
    fit(viewer, layers)


def fit(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """All of the layers, as large as they can be. Napari does it where they have as many axes as the viewer.

    A film has one more than what was made of a time point. Where they lie across the screen nothing moves.
    """
    count = min((layer.ndim for layer in layers), default=0)
    axes = [axis - viewer.dims.ndim for axis in viewer.dims.displayed]
    if min(axes) < -count:
        return
    begin, end = (corner[axes] for corner in _extent(layers, count))
    viewer.scene.camera.center = tuple(((begin + end) / 2).tolist())
    room = viewer.canvas.viewbox_size(viewer.layers) / np.maximum((end - begin)[-2:], np.finfo(float).tiny)
    viewer.scene.camera.zoom = FILLED * float(room.min())


def _extent(layers: Sequence[Layer], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of all of them in the viewer's world, along as many axes, counted from the last one."""
    corners = np.array([layer.extent.world[:, -count:] for layer in layers])
    return corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
