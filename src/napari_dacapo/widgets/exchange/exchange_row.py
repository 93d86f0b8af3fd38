"""The buttons that open the pages which export and import."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.exchange.export_page import ExportPage
from napari_dacapo.widgets.exchange.import_dacapo_page import ImportDacapoPage
from napari_dacapo.widgets.exchange.import_model_page import ImportModelPage
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.parts.window import show_window
from napari_dacapo.widgets.parts.wrapped import Wrapped

EXPORTS = "Write the run's network for other programs, or for a colleague."
IMPORTS = "Make a run of a model of bioimage.io, or of one that was exported here."
BRINGS = "Take over datasplits, networks, tasks, trainers and runs of a DaCapo folder."


class ExchangeRow(QWidget):
    """Each page has a window of its own, made when it is first opened."""

    imported = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._run = ""
        self.export_page: ExportPage | None = None
        self.model_page: ImportModelPage | None = None
        self.dacapo_page: ImportDacapoPage | None = None
        self.export = QPushButton("Export model…")
        self.model = QPushButton("Import model…")
        self.dacapo = QPushButton("Import DaCapo project…")
        self.model.setToolTip(IMPORTS)
        self.dacapo.setToolTip(BRINGS)
        Wrapped((self.export, self.model, self.dacapo), self)
        self.export.clicked.connect(self._open_export)
        self.model.clicked.connect(self._open_model)
        self.dacapo.clicked.connect(self._open_dacapo)
        self.offer("", "")

    def offer(self, run: str, state: str) -> None:
        """Let this run be exported, unless it has nothing to be exported; empty where none is selected."""
        self._run = run
        reason = "It is not trained yet: train it first." if state == "new" else ""
        allow(self.export, EXPORTS, reason if run else "Select a run first.")

    def _open_export(self) -> None:
        if self.export_page is None:
            self.export_page = ExportPage(self._workspace)
        self.export_page.show_run(self._run)
        show_window(self.export_page, self, f"Export {self._run}")

    def _open_model(self) -> None:
        if self.model_page is None:
            self.model_page = ImportModelPage(self._workspace)
            self.model_page.imported.connect(self.imported)
        else:
            self.model_page.refresh()
        show_window(self.model_page, self, "Import a model")

    def _open_dacapo(self) -> None:
        if self.dacapo_page is None:
            self.dacapo_page = ImportDacapoPage(self._workspace)
            self.dacapo_page.imported.connect(self.imported)
        show_window(self.dacapo_page, self, "Import a DaCapo project")
