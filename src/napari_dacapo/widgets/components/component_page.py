"""A page on which one component is defined, named, saved and reused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from napari_dacapo.config import Config
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.store.names import checked_name, folded, free_name
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components import saved_records
from napari_dacapo.widgets.components.saved_row import SavedRow
from napari_dacapo.widgets.forms.folded_form import FoldedForm
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.parts.question import Question
from napari_dacapo.widgets.work.background import Background

IMPORTED = "Records (*.json);;A record of DaCapo, and with it its whole project (*.yaml)"


class ComponentPage(QWidget):
    """The saved ones of a family, the name and the fields of one, and what there is to say about it."""

    changed = Signal()  # it is another record, or another name, or was saved

    def __init__(
        self,
        family: type[Config],
        workspace: Workspace,
        name: str,
        record: Config | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.family = family
        self.workspace = workspace
        self.row = SavedRow(family.__name__.lower(), name)
        self.question = Question()
        self.form = self._made_form(record)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.background = Background(self)
        self._reason = ""  # why it was suggested
        self._is_named = False  # whether its name was chosen, by a person or by saving it
        self._saved: tuple[str, Config] | None = None  # what the store holds, as this page read or wrote it
        self._lay_out()
        self.row.chosen.connect(self.open)
        self.row.renamed.connect(self._on_renamed)
        self.row.save.connect(self.save)
        self.row.action.connect(self._act)
        self.form.changed.connect(self._on_edited)
        self.background.failed.connect(self._say_failure)
        self.refresh()
        self._show_state()

    @property
    def name(self) -> str:
        return self.row.name.text().strip()

    @property
    def record(self) -> Config:
        """Raises UserInputError where something is wrong."""
        return self.form.value

    @property
    def problem(self) -> str:
        """Why it cannot be saved; empty if it can."""
        try:
            checked_name(self.name)
        except UserInputError as error:
            return str(error)
        return str(self.form.problems[0]) if self.form.problems else ""

    @property
    def obstacle(self) -> str:
        """Why nothing can be trained with it; empty if it can."""
        return self.problem

    @property
    def saved_record(self) -> Config | None:
        """What the store holds under the name that is shown, as far as this page knows."""
        return self._saved[1] if self._saved is not None and self._saved[0] == self.name else None

    def summary(self, record: Config) -> str:
        """What is said below the fields; pages that have more to say override it."""
        return (type(record).__doc__ or "").splitlines()[0]

    def suggest(self, record: Config, reason: str) -> None:
        """Fill the page in and say why."""
        self.form.value = record
        self._reason = reason
        self._announce()

    def begin_anew(self) -> None:
        """What is shown next is another one: it gets a name that is free, and replaces nothing."""
        self._saved, self._is_named = None, False
        self.refresh()

    def open(self, name: str) -> None:
        """Show a saved one."""
        self.background.do(
            saved_records.read, self.workspace, self.family, name, then=partial(self._show, name)
        )

    def save(self) -> None:
        """Save what is shown; asks first where the name stands for another one."""
        if not self.problem:
            self._save(overwrite=False)

    def was_saved(self, name: str, record: Config) -> None:
        self._saved, self._is_named = (name, record), True
        self.refresh()
        self._announce()

    def refresh(self) -> None:
        """Read anew which ones are saved."""
        self.background.do(saved_records.names, self.workspace, self.family, then=self._show_names)

    def _made_form(self, record: Config | None) -> Form | FoldedForm:
        return Form(self.family, record)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self.scrolled = QVBoxLayout(inside)
        self.scrolled.setContentsMargins(0, 0, 0, 0)
        self.scrolled.addWidget(self.form, 1)
        scroll.setWidget(inside)
        self.column = QVBoxLayout(self)
        self.column.addWidget(self.row)
        self.column.addWidget(self.question)
        self.column.addWidget(scroll, 1)
        self.column.addWidget(self.said)

    def _show(self, name: str, record: Config) -> None:
        self.row.name.setText(name)
        self.form.value = record
        self._saved, self._reason, self._is_named = (name, record), "", True
        self._announce()

    def _show_names(self, names: Sequence[str]) -> None:
        """A name that nobody chose is one that is free."""
        self.row.show_names(names)
        taken = {folded(each) for each in names}
        if not self._is_named and folded(self.name) in taken:
            self.row.name.setText(free_name(self.name, taken))
            self._announce()

    def _save(self, overwrite: bool) -> None:
        name, record = self.name, self.record
        work = partial(
            saved_records.save, self.workspace, self.family, name, record, self.saved_record, overwrite
        )
        self.background.do(work, then=partial(self._on_answer, name, record))

    def _on_answer(self, name: str, record: Config, conflict: str) -> None:
        if conflict:
            self.question.ask(conflict, "Replace it", partial(self._save, overwrite=True))
        else:
            self.was_saved(name, record)

    def _on_renamed(self) -> None:
        self._is_named = True
        self._on_edited()

    def _on_edited(self) -> None:
        self._reason = ""
        self._announce()

    def _announce(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        problem = self.problem
        unsaved = bool(problem) or self.saved_record != self.record
        self.row.show_state(unsaved, problem)
        self.said.setText(problem or "\n".join(filter(None, (self._reason, self.summary(self.record)))))

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))

    def _act(self, action: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "duplicate": self._duplicate,
            "rename": self._rename,
            "delete": self._delete,
            "export": self._export,
            "import": self._import,
        }
        acts[action]()

    def _do(self, work: Callable[..., Any], *args: Any, then: Callable[[Any], None] | None = None) -> None:
        self.background.do(work, self.workspace, self.family, *args, then=then)

    def _duplicate(self) -> None:
        self._do(saved_records.duplicate, self.name, then=self._show_new)

    def _show_new(self, name: str) -> None:
        self.refresh()
        self.open(name)

    def _rename(self) -> None:
        if self._saved is None:
            self.said.setText("Open a saved one, type its new name, then rename it.")
            return
        (old, record), new = self._saved, self.name
        self._do(saved_records.rename, old, new, then=lambda _: self.was_saved(new, record))

    def _delete(self) -> None:
        self._do(saved_records.users, self.name, then=partial(self._ask_to_delete, self.name))

    def _ask_to_delete(self, name: str, users: tuple[str, ...]) -> None:
        kept = f" Runs made from it keep their copies: {', '.join(users)}." if users else ""
        self.question.ask(f"Delete {name}?{kept}", "Delete", partial(self._delete_now, name))

    def _delete_now(self, name: str) -> None:
        self._do(saved_records.delete, name, then=lambda _: self._on_deleted(name))

    def _on_deleted(self, name: str) -> None:
        self._saved = None
        self.refresh()
        self._announce()
        self.said.setText(f"{name} is deleted. What is shown here can be saved again.")

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export", f"{self.name}.json", "JSON (*.json)")
        if path:
            told = f"{self.name} is exported to {path}."
            self._do(saved_records.export, self.name, Path(path), then=lambda _: self.said.setText(told))

    def _import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import", "", IMPORTED)
        if path:
            self._do(saved_records.import_file, Path(path), then=self._on_imported)

    def _on_imported(self, report: str) -> None:
        self.refresh()
        self.said.setText(report)
