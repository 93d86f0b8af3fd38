"""The page of the task, which shows what it makes of the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.layers.previews import target_preview
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.components.preview_row import PreviewRow

if TYPE_CHECKING:
    from napari.components import ViewerModel


class TaskPage(ComponentPage):
    """A task, and its target for what the viewer shows."""

    def __init__(self, viewer: ViewerModel, workspace: Workspace) -> None:
        self.preview = PreviewRow(viewer, "target")
        self.target = self.preview.add(
            "Preview target",
            "Add what the network is to learn for the present view: a layer for each channel.",
            lambda: self.preview.make(target_preview, self.record),
        )
        super().__init__(Task, workspace, "task", Affinities())
        self.preview.said.connect(self.said.setText)
        self.column.addWidget(self.preview)

    def _show_state(self) -> None:
        super()._show_state()
        self.preview.refuse(str(self.form.problems[0]) if self.form.problems else "")
