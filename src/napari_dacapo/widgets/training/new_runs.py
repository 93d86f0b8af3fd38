"""Names of components, a name and options: the runs that are made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import cast

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QApplication,
    QCompleter,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.experiments.combinations import COMPONENTS, component_type
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components import saved_records
from napari_dacapo.widgets.components.cluster_choice import ClusterChoice
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.parts.name_list import NameList
from napari_dacapo.widgets.training import made_runs
from napari_dacapo.widgets.training.run_options import RunOptions, values_of
from napari_dacapo.widgets.training.stored_runs import Stored
from napari_dacapo.widgets.work.background import Background

MOST_REPETITIONS = 1000


class NewRuns(QWidget):
    """Several names of a component make a run of each, with each of the others."""

    saved = Signal(object)  # the names of runs that are to train
    failed = Signal(Exception)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._stored: Stored = {}
        self.background = Background(self)
        self.lists = {component: NameList(component) for component in COMPONENTS}
        self.name = QLineEdit("run")
        self.name.setToolTip(
            "What the runs are called; where there are several, each gets what differs, too."
        )
        self.repetitions = QSpinBox()
        self.repetitions.setRange(1, MOST_REPETITIONS)
        self.repetitions.setToolTip("Equal runs, each with a random seed of its own.")
        self.options = Form(RunOptions)
        self.where = ClusterChoice(workspace)
        self.add = QPushButton()
        self._lay_out()
        self._connect()
        self._count()

    @property
    def run_values(self) -> dict[str, object]:
        """Start, iterations and so on. Raises UserInputError where something is wrong."""
        return values_of(self.options.value)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown or saved."""
        return self.background.is_busy or self.where.background.is_busy

    def suggest_length(self, length: Mapping[str, int]) -> None:
        """Where nobody changed anything."""
        if not self.options.problems and self.options.value == RunOptions():
            self.options.value = RunOptions(**length)

    def refresh(self) -> None:
        """Read anew which components are saved."""
        for component, names in self.lists.items():
            family = component_type(component)
            self.background.do(saved_records.names, self._workspace, family, then=names.show_names)
        self.where.refresh()

    def start_from(self, start: Start) -> None:
        """What is to be trained begins there; the other options stay."""
        options = RunOptions() if self.options.problems else self.options.value
        self.options.value = options.replace(start=start)

    def know(self, stored: Stored) -> None:
        """The runs that others may start from."""
        self._stored = stored

    def _lay_out(self) -> None:
        form = QWidget()
        rows = QGridLayout(form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.options, 0, 0, 1, 4)  # first: Train heeds them, too
        for number, (component, names) in enumerate(self.lists.items()):
            down, across = divmod(number, 2)
            rows.addWidget(QLabel(component), 2 * down + 1, 2 * across, 1, 2)
            rows.addWidget(names, 2 * down + 2, 2 * across, 1, 2)
        for place, (text, widget) in enumerate((("name", self.name), ("repetitions", self.repetitions))):
            rows.addWidget(QLabel(text), 5, 2 * place)
            rows.addWidget(widget, 5, 2 * place + 1)
        rows.addWidget(self.where, 6, 0, 1, 4)
        scrolled = QScrollArea()
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setWidgetResizable(True)
        scrolled.setWidget(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled)
        column.addWidget(self.add)

    def _connect(self) -> None:
        for names in self.lists.values():
            names.chosen_changed.connect(self._count)
        self.repetitions.valueChanged.connect(self._count)
        self.options.changed.connect(self._count)
        self.add.clicked.connect(self._save)
        self.background.failed.connect(self.failed)
        cast(QApplication, QApplication.instance()).focusChanged.connect(self._offer_names)

    def _count(self) -> None:
        missing = [component for component, names in self.lists.items() if not names.chosen]
        count = math.prod(len(names.chosen) for names in self.lists.values()) * self.repetitions.value()
        reason = f"Choose a saved {missing[0]} first." if missing else ""
        reason = reason or (str(self.options.problems[0]) if self.options.problems else "")
        self.add.setEnabled(not reason)
        self.add.setText("Add to the queue" if count <= 1 else f"Add {count} runs to the queue")
        self.add.setToolTip(reason or "Save the runs and train them one after another.")

    def _save(self) -> None:
        chosen = {component: names.chosen for component, names in self.lists.items()}
        work = partial(
            made_runs.save_combinations,
            self._workspace,
            self.name.text().strip(),
            chosen,
            self.repetitions.value(),
            self.run_values,
        )
        self.background.do(work, then=self.saved.emit)

    def _offer_names(self, _: QWidget | None, entered: QWidget | None) -> None:
        """Trained runs and their scores, in the lines that name the run another one starts from."""
        if isinstance(entered, QLineEdit) and self.options.isAncestorOf(entered):
            words = self._offered(entered.accessibleName())
            if words:
                completer = _completer(words, entered)
                entered.setCompleter(completer)
                if not entered.text():  # nobody knows what could be typed
                    completer.setCompletionPrefix("")
                    completer.complete()

    def _offered(self, field: str) -> list[str]:
        trained = [run for run in self._stored.values() if run.done]
        if field == "Run":
            return sorted(run.name for run in trained)
        if field == "Criterion":
            typed = {line.text() for line in self.options.findChildren(QLineEdit)}
            named = [run for run in trained if run.name in typed] or trained
            return list(dict.fromkeys(name for run in named for name in run.criteria))
        return []


def _completer(words: list[str], line: QLineEdit) -> QCompleter:
    found = QCompleter(words, line)
    found.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    found.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    return found
