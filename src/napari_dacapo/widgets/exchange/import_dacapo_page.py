"""The page on which a project of DaCapo is taken over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field
from qtpy.QtWidgets import QPlainTextEdit, QWidget

from napari_dacapo.config import Config
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.exchange import exchanged
from napari_dacapo.widgets.exchange.exchange_page import ExchangePage
from napari_dacapo.widgets.forms.form import Form

if TYPE_CHECKING:
    from napari_dacapo.from_dacapo.report import Brought

REPORT_STRETCH = 100  # the report takes what room there is
DOES = "Take over its records; nothing in DaCapo's folder is changed or run."


class DacapoProject(Config):
    """A project of DaCapo as it lies on the disk."""

    path: Annotated[str, Field(min_length=1)]
    "The folder that is runs_base_dir in dacapo.yaml; configs lies in it."

    weights: bool = True
    "Take over the newest weights of each run, too: they can be applied, and trained further."

    overwrite: bool = False
    "Replace different records that have the names here. Otherwise nothing is imported then."


class ImportDacapoPage(ExchangePage):
    """Which folder; below, what became of each record and each of its fields."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, "Import", DOES, parent)
        self._brought: Brought | None = None  # by now
        self.project = Form(DacapoProject)
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.report.setAccessibleName("what was taken over")
        self.report.setToolTip(
            "Each field: its value there, and what it is called here or why it was left out."
        )
        self.report.hide()
        self.put_above(self.project)
        self.column.addWidget(self.report, REPORT_STRETCH)
        self.column.addStretch(1)
        self.project.changed.connect(self.show_state)
        self.show_state()

    @property
    def problem(self) -> str:
        return "Choose the folder of a DaCapo project." if self.project.problems else ""

    def act(self) -> None:
        wish = cast(DacapoProject, self.project.value)
        self.report.hide()
        self._brought = None
        self.work(exchanged.bring, Path(wish.path), wish.overwrite, wish.weights, then=self._on_brought)

    def take(self, steps: list[Any]) -> None:
        """Say what is being done, and keep what is taken over by now."""
        super().take(steps)
        self._brought = next(
            (each for each in reversed(steps) if not isinstance(each, Notice)), self._brought
        )

    def on_cancelled(self) -> None:
        """What was taken over stays."""
        if self._brought is None:
            super().on_cancelled()
        else:
            self._on_brought(self._brought, "Cancelled; the report tells what was taken over before. ")

    def _on_brought(self, brought: Brought, told: str = "") -> None:
        self.report.setPlainText("\n".join(brought.text()))
        self.report.show()
        self.end_import(told + brought.summary)
