"""Moving a viewer to a place in the engine's world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.widgets.viewer.world import unit_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.arrays.box import World


def look_at(viewer: ViewerModel, place: World) -> None:
    """Its slice, with the place in the middle; the zoom stays. Axes are counted from the last one."""
    factor = nanometers(unit_of(viewer)) or 1.0
    point = [*viewer.dims.point[: viewer.dims.ndim - len(place)], *(each / factor for each in place)]
    viewer.dims.point = point
    viewer.scene.camera.center = tuple(point[axis] for axis in viewer.dims.displayed)
