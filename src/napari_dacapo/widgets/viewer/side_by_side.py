"""The viewer's grid for two segmentations and their difference, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari.layers import Layer

from napari_dacapo.layers.units import in_unit
from napari_dacapo.widgets.viewer.looking import fit
from napari_dacapo.widgets.viewer.shown_layers import take_away
from napari_dacapo.widgets.viewer.world import unit_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.layers.layer import LayerData

LAYERS_A_CELL = 2


class SideBySide:
    """Pairs of layers in a cell each; what else was visible is hidden until the grid is left."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._ours: list[Layer] = []
        self._hidden: list[Layer] = []
        self._stride = 1

    @property
    def is_shown(self) -> bool:
        return bool(self._ours)

    def show(self, layers: Sequence[LayerData]) -> None:
        """At the bottom of the list, where layers that come later do not part the pairs."""
        self.leave()
        viewer, grid = self._viewer, self._viewer.canvas.grid
        self._hidden = [layer for layer in viewer.layers if layer.visible]
        for layer in self._hidden:
            layer.visible = False
        self._ours = [viewer.add_layer(Layer.create(*made)) for made in in_unit(layers, unit_of(viewer))]
        for place, layer in enumerate(self._ours):
            viewer.layers.move(viewer.layers.index(layer), place)
        self._stride, grid.stride = grid.stride, LAYERS_A_CELL
        grid.enabled = True
        fit(viewer, self._ours)

    def leave(self) -> None:
        """One view of everything that was visible before; the layers of the grid go."""
        if not self.is_shown:
            return
        grid, layers = self._viewer.canvas.grid, self._viewer.layers
        grid.enabled, grid.stride = False, self._stride
        take_away(self._viewer, [layer for layer in self._ours if layer in layers])
        for layer in self._hidden:
            layer.visible = True
        self._ours, self._hidden = [], []
