"""The choice of where something is worked on."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components import saved_records
from napari_dacapo.widgets.components.cluster_page import ClusterPage
from napari_dacapo.widgets.parts.window import show_window
from napari_dacapo.widgets.work.background import Background

HERE = "here"
EXPLAINED = "Here, in this program, or on a cluster: other processes of this machine, or other machines."


class ClusterChoice(QWidget):
    """Here, or on a saved cluster; beside it, a window to define one."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._known: dict[str, Cluster] = {}
        self.background = Background(self)
        self.combo = QComboBox()
        self.combo.addItem(HERE)
        self.combo.setToolTip(EXPLAINED)
        self.combo.setAccessibleName("where")
        self.define = QPushButton("Clusters …")
        self.define.setToolTip("Define where else work can be done, and see what is submitted there.")
        self.window_of_clusters: ClusterPage | None = None  # once it was opened
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("where"))
        row.addWidget(self.combo, 1)
        row.addWidget(self.define)
        self.combo.activated.connect(lambda _: self.changed.emit())
        self.define.clicked.connect(self._open)

    @property
    def cluster(self) -> Cluster:
        return self._known.get(self.combo.currentText(), ThisMachine())

    def refresh(self) -> None:
        """Read anew which ones are saved."""
        self.background.do(saved_records.read_all, self._workspace, Cluster, then=self._show)

    def _show(self, known: dict[str, Cluster]) -> None:
        before, chosen = self.cluster, self.combo.currentText()
        self._known = known
        self.combo.clear()
        self.combo.addItems([HERE, *known])
        self.combo.setCurrentText(chosen if chosen in known else HERE)
        if self.cluster != before:
            self.changed.emit()

    def _open(self) -> None:
        if self.window_of_clusters is None:
            self.window_of_clusters = ClusterPage(self._workspace)
            self.window_of_clusters.changed.connect(self.refresh)
        show_window(self.window_of_clusters, self, "Clusters")
