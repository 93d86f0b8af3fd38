"""The page on which a model made elsewhere becomes a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, cast

from pydantic import Field
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.store.names import checked_name
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.components import saved_records
from napari_dacapo.widgets.exchange import exchanged
from napari_dacapo.widgets.exchange.exchange_page import ExchangePage
from napari_dacapo.widgets.exchange.exchanged import FoundModel, ModelImport
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.work.newest import Newest

DOES = "Make it a run that can be applied at once. The package stays where it is."
NO_TASK = "No saved task gives what the model gives. Define one on the page Task, or in napari's menu."
LOOKS = "Looks at the model …"
ONLY_APPLIED = "none: it is only applied"
USUAL = "the usual one"


class ModelFile(Config):
    """A model of bioimage.io, or one that was exported here as a package."""

    path: Annotated[str, Field(min_length=1)]
    "The package (.zip), its folder, or the rdf.yaml in it."

    trusted: bool = False
    "Whether you trust who made it: weights that are no TorchScript come with code that has to be run."


class ImportModelPage(ExchangePage):
    """Which model, what its channels mean, and what the run is called."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, "Import", DOES, parent)
        self._found: FoundModel | None = None
        self._looking = Newest(self)
        self.file = Form(ModelFile)
        self.told = QLabel("Choose a package of bioimage.io.")
        self.told.setWordWrap(True)
        self.task, self.datasplit, self.trainer = QComboBox(), QComboBox(), QComboBox()
        self.name = QLineEdit()
        self._lay_out()
        self.file.changed.connect(self._look)
        self.name.textEdited.connect(self.show_state)
        self._looking.failed.connect(self._on_unreadable)
        self.refresh()

    def refresh(self) -> None:
        """Read anew what is saved, and which tasks fit the model."""
        for family, combo, first in (
            (DataSplit, self.datasplit, ONLY_APPLIED),
            (Trainer, self.trainer, USUAL),
        ):
            show = partial(_offer, combo, first)
            self.background.do(saved_records.names, self.workspace, family, then=show)
        self._look()

    @property
    def is_busy(self) -> bool:
        return super().is_busy or self._looking.is_busy

    @property
    def problem(self) -> str:
        if self._found is None:
            return self.told.text()
        if not self.task.count():
            return self._found.misfit or NO_TASK
        try:
            checked_name(self.name.text().strip())
        except UserInputError as error:
            return str(error)
        return ""

    def act(self) -> None:
        file = cast(ModelFile, self.file.value)
        wish = ModelImport(
            path=Path(file.path).expanduser(),
            trusted=file.trusted,
            name=self.name.text().strip(),
            task=self.task.currentData(),
            datasplit=self.datasplit.currentData() or "",
            trainer=self.trainer.currentData() or "",
        )
        self.work(exchanged.import_model, wish, then=self.end_import)

    def _lay_out(self) -> None:
        self.task.setToolTip("What the channels of the model mean. Only saved tasks that fit are offered.")
        self.datasplit.setToolTip("Data to train it further on, brought to the network as they say.")
        self.trainer.setToolTip("How to train it further.")
        self.name.setToolTip("What the run is called.")
        chosen = QWidget()
        rows = QFormLayout(chosen)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields = {"task": self.task, "datasplit": self.datasplit, "trainer": self.trainer, "name": self.name}
        for name, field in fields.items():
            field.setAccessibleName(f"{name} of the imported run")
            rows.addRow(name, field)
        self.put_above(self.file, self.told, chosen)
        self.column.addStretch(1)

    def _look(self) -> None:
        self._found = None
        self.task.clear()
        if self.file.problems:
            self.told.setText("Choose a package of bioimage.io.")
        else:
            path = Path(cast(ModelFile, self.file.value).path).expanduser()
            self.told.setText(LOOKS)
            self._looking.wish(
                exchanged.look_at_model, self.workspace, path, then=partial(self._show_found, path)
            )
        self.show_state()

    def _show_found(self, path: Path, found: FoundModel) -> None:
        if self.file.problems or Path(cast(ModelFile, self.file.value).path).expanduser() != path:
            return
        self._found = found
        self.told.setText(found.told)
        if found.own_task:
            self.task.addItem(f"as it was exported: {found.own_task}", "")
        for name in found.tasks:
            self.task.addItem(name, name)
        if not self.name.isModified():
            self.name.setText(found.name)
        self.show_state()

    def _on_unreadable(self, error: DacapoError) -> None:
        self.told.setText(str(error))
        self.show_state()


def _offer(combo: QComboBox, first: str, names: tuple[str, ...]) -> None:
    """The names, after what is taken where none is chosen; what was chosen stays."""
    chosen = combo.currentText()
    combo.clear()
    combo.addItem(first, "")
    for name in names:
        combo.addItem(name, name)
    combo.setCurrentText(chosen if chosen in names else first)
