"""Where in a viewer layers are to be seen that are not on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.widgets.viewer.world import unit_of, view_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

BEYOND = "beyond the edge of the view, where the home button brings it"


def slices_elsewhere(viewer: ViewerModel, layers: Sequence[Layer]) -> str:
    """The slices that all of them have, as the sliders count: "z 102 to 127"; and whether they lie beside it.

    Empty where such a one is on the screen. Channels are no slices.
    """
    told = []
    for axis in sorted(viewer.dims.not_displayed):
        back = axis - viewer.dims.ndim
        here = [layer for layer in layers if layer.ndim >= -back and layer.axis_labels[back] != "c"]
        first = max((_slice(viewer, layer, back, 0) for layer in here), default=0)
        last = min((_slice(viewer, layer, back, -1) for layer in here), default=viewer.dims.nsteps[axis])
        if not first <= viewer.dims.current_step[axis] <= last:
            label = here[0].axis_labels[back]
            told.append(f"{label} {first}" if first == last else f"{label} {first} to {last}")
    if layers and not any(_is_in_view(viewer, layer) for layer in layers):
        told.append(BEYOND)
    return ", ".join(told)


def _is_in_view(viewer: ViewerModel, layer: Layer) -> bool:
    """As far as it lies along the axes of the screen."""
    view, factor = view_of(viewer), nanometers(unit_of(viewer)) or 1.0
    drawn = [axis - viewer.dims.ndim for axis in viewer.dims.displayed]
    begin, end = layer.extent.world * factor
    return all(
        begin[axis] < view.end[axis] and end[axis] > view.begin[axis] for axis in drawn if layer.ndim >= -axis
    )


def _slice(viewer: ViewerModel, layer: Layer, back: int, voxel: int) -> int:
    """That of a layer's first or last voxel along an axis, which is counted from the last one."""
    finest = layer.level_shapes[0] if getattr(layer, "multiscale", False) else np.shape(layer.data)
    corner = np.zeros(layer.ndim) if voxel == 0 else np.array(finest) - 1
    start, _, step = viewer.dims.range[back]
    return int(np.rint((layer.data_to_world(corner)[back] - start) / step))
