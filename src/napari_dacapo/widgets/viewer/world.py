"""The world of a viewer, whose unit is that of its layers, and the engine's, which is nanometers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from napari.components import ViewerModel


def unit_of(viewer: ViewerModel) -> str:
    """Of the viewer's world: "pixel" where layers tell no length, or only some do."""
    unit = str((viewer.layers.units or ("pixel",))[-1])
    try:
        return "pixel" if nanometers(unit) is None else unit
    except UserInputError:
        return "pixel"


def view_of(viewer: ViewerModel) -> Box:
    """What is on the screen, in the engine's world; flat along axes that are not."""
    begin, end = np.array([viewer.dims.point] * 2, float)
    drawn = list(viewer.dims.displayed)
    centre = np.array(viewer.scene.camera.center[-len(drawn) :])
    half = np.broadcast_to(np.array(viewer.canvas.size) / viewer.scene.camera.zoom / 2, 2)
    around = np.full(len(drawn), half.max())
    around[-2:] = half
    begin[drawn], end[drawn] = centre - around, centre + around
    factor = nanometers(unit_of(viewer)) or 1.0
    return Box(tuple((begin * factor).tolist()), tuple((end * factor).tolist()))
