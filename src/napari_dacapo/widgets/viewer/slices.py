"""In which slices of a viewer layers are to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def slices_elsewhere(viewer: ViewerModel, layers: Sequence[Layer]) -> str:
    """The slices that all of them have, as the sliders count: "z 102 to 127".

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
    return ", ".join(told)


def _slice(viewer: ViewerModel, layer: Layer, back: int, voxel: int) -> int:
    """That of a layer's first or last voxel along an axis, which is counted from the last one."""
    finest = layer.level_shapes[0] if getattr(layer, "multiscale", False) else np.shape(layer.data)
    corner = np.zeros(layer.ndim) if voxel == 0 else np.array(finest) - 1
    start, _, step = viewer.dims.range[back]
    return int(np.rint((layer.data_to_world(corner)[back] - start) / step))
