"""The page of the trainer, which shows how patches are varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.layers.previews import augmented_preview
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.components.preview_row import PreviewRow

if TYPE_CHECKING:
    from napari.components import ViewerModel


class TrainerPage(ComponentPage):
    """A trainer, and patches as its augments change them."""

    def __init__(self, viewer: ViewerModel, workspace: Workspace) -> None:
        self._draw = 0
        self.preview = PreviewRow(viewer, "augmented")
        self.first = self.preview.add(
            "Preview augmentation",
            "Add the first nine patches of the training, side by side, and move the view to them.",
            self._show_first,
        )
        self.next = self.preview.add("New draw", "Show nine other patches in their place.", self._show_next)
        super().__init__(Trainer, workspace, "trainer", Trainer())
        self.preview.said.connect(self.said.setText)
        self.column.addWidget(self.preview)

    def _show_first(self) -> None:
        self._draw = 0
        self._make(look=True)

    def _show_next(self) -> None:
        self._draw += 1
        self._make(look=not self.preview.layers)

    def _make(self, look: bool) -> None:
        self.preview.make(augmented_preview, self.record, self._draw, look=look)

    def _show_state(self) -> None:
        super()._show_state()
        self.preview.refuse(str(self.form.problems[0]) if self.form.problems else "")
