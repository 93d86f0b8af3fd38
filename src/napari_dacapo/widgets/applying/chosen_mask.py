"""Where something is wanted at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.applying.chosen_source import ChosenSource

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource

EVERYWHERE = -1  # in place of where it comes from
ONLY = "Labels, or an image: where it is 0, nothing is segmented, and blocks wholly there take no time."


class ChosenMask(ChosenSource):
    """Everywhere, unless a person chooses an image, or labels, outside of which nothing is wanted."""

    label = "only where"
    missing = "Choose what says where: a layer or a file, or everywhere."

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(viewer, (Labels, Image), "mask", parent)
        self.source.insertItem(0, "Everywhere", EVERYWHERE)
        self.source.setToolTip(ONLY)
        self.source.setCurrentIndex(0)
        self._on_layer()

    @property
    def is_everywhere(self) -> bool:
        return bool(self.source.currentData() == EVERYWHERE)

    @property
    def problem(self) -> str:
        return "" if self.is_everywhere else super().problem

    @property
    def wanted(self) -> LayerSource | FileSource | None:
        """None: everywhere. Raises as `chosen`."""
        return None if self.is_everywhere else self.chosen
