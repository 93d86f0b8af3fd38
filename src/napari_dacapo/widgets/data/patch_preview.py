"""A look at what the network will get of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.layers.previews import patch_preview
from napari_dacapo.widgets.components.preview_row import PreviewRow

if TYPE_CHECKING:
    from napari.components import ViewerModel


class PatchPreview(PreviewRow):
    """Where the view is over the data, the patch there; elsewhere each press draws another one."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer, "patch")
        self._seed = 0
        self.button = self.add(
            "Preview what the network gets",
            "Add a training patch in the middle of the view: image as the network sees it, labels, mask.",
            self._draw,
        )

    def _draw(self) -> None:
        self.make(patch_preview, self._seed)
        self._seed += 1
