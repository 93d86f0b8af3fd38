"""The page on which it is defined where work is done."""

from __future__ import annotations

from typing import cast

from qtpy.QtWidgets import QPlainTextEdit, QPushButton

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.local_workers import LocalWorkers
from napari_dacapo.config import Config
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components.component_page import ComponentPage

SHOWS = "Show what is submitted for each worker."


class ClusterPage(ComponentPage):
    """A cluster, and the job script of one that is a queueing system."""

    def __init__(self, workspace: Workspace) -> None:
        self.script = QPlainTextEdit()
        self.script.setReadOnly(True)
        self.script.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.script.setAccessibleName("job script")
        self.script.hide()
        self.preview = QPushButton("Job script")
        super().__init__(Cluster, workspace, "cluster", LocalWorkers())
        self.column.addWidget(self.preview)
        self.column.addWidget(self.script)
        self.preview.clicked.connect(self._preview)

    def summary(self, record: Config) -> str:
        return cast(Cluster, record).explained

    def _preview(self) -> None:
        self.background.do(cast(Cluster, self.record).job_script, then=self._show_script)

    def _show_script(self, text: str) -> None:
        self.script.setPlainText(text)
        self.script.show()

    def _on_edited(self) -> None:
        self.script.hide()
        super()._on_edited()

    def _show_state(self) -> None:
        super()._show_state()
        jobs = not self.form.problems and cast(Cluster, self.record).submits_jobs
        self.preview.setEnabled(jobs)
        self.preview.setToolTip(SHOWS if jobs else "Only queueing systems have one.")
