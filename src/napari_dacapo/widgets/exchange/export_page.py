"""The page on which a trained run is written for other programs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from napari_dacapo.experiments.exporting.formats import FORMATS, ExportFormat
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.exchange import exchanged
from napari_dacapo.widgets.exchange.exchange_page import ExchangePage
from napari_dacapo.widgets.exchange.exchanged import Export
from napari_dacapo.widgets.exchange.target_line import TargetLine
from napari_dacapo.widgets.forms.folded_form import FoldedForm
from napari_dacapo.widgets.parts.question import Question

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.available_weights import Weights

DOES = "Write the network with these weights, read it again and compare what it predicts."
LOOKS = "Looks for the weights of the run …"


class ExportPage(ExchangePage):
    """Which weights, in which format, and where to."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, "Export", DOES, parent)
        self._run = ""
        self._weights: tuple[Weights, ...] = ()
        self.weights = QComboBox()
        self.formats = QComboBox()
        self.purpose = QLabel()
        self.purpose.setWordWrap(True)
        self.target = TargetLine()
        self.card = FoldedForm(ModelCard, "What people read about it")
        self.question = Question()
        self._lay_out()
        self.formats.currentIndexChanged.connect(self._on_format)
        self.target.edited.connect(self.show_state)
        self.card.changed.connect(self.show_state)
        self._on_format()

    def show_run(self, run: str) -> None:
        """Offer what there is of this one."""
        self.question.hide()
        self._run, self._weights = run, ()
        self.weights.clear()
        self.card.value = ModelCard.of_run(run)
        self.target.is_named = False
        self.target.suggest(exchanged.suggested_target(self.workspace, run, self.form))
        self.said.setText(LOOKS)
        self.background.do(exchanged.weights_of, self.workspace, run, then=partial(self._show_weights, run))
        self.show_state()

    @property
    def form(self) -> ExportFormat:
        return cast(ExportFormat, self.formats.currentData())

    @property
    def problem(self) -> str:
        if not self._weights:
            return self.said.text() or LOOKS
        if self.form == "bioimageio" and self.card.problems:
            return str(self.card.problems[0])
        return "" if self.target.path else "Choose a file to write to."

    def act(self) -> None:
        """Whether the place may be written; what is there is replaced only after asking."""
        wish = Export(
            run=self._run,
            weights=self._weights[self.weights.currentIndex()],
            form=self.form,
            target=cast(Path, self.target.path),
            card=cast(ModelCard, self.card.value) if self.form == "bioimageio" else ModelCard(),
        )
        self.background.do(exchanged.replaces, wish, then=partial(self._begin_or_ask, wish))

    def _lay_out(self) -> None:
        for form, about in FORMATS.items():
            self.formats.addItem(f"{about.title} ({about.suffix})", form)
        self.weights.setToolTip("Which of its weights: the best by a score, the last, or of an iteration.")
        self.formats.setToolTip("For which programs it is written.")
        for combo, name in ((self.weights, "weights"), (self.formats, "format")):
            combo.setAccessibleName(f"{name} to export")
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        chosen = QWidget()
        rows = QFormLayout(chosen)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("weights", self.weights)
        rows.addRow("format", self.formats)
        rows.addRow("write to", self.target)
        self.put_above(chosen, self.purpose, self.card, self.question)
        self.column.addStretch(1)

    def _on_format(self, _: int = 0) -> None:
        about = FORMATS[self.form]
        self.purpose.setText(about.purpose)
        self.card.setVisible(self.form == "bioimageio")
        self.target.end_with(about.suffix)
        self.question.hide()
        self.show_state()

    def _show_weights(self, run: str, weights: tuple[Weights, ...]) -> None:
        if run == self._run:
            self._weights = weights
            self.weights.addItems([each.title for each in weights])
            self.end("")

    def _begin_or_ask(self, wish: Export, replaces: bool) -> None:
        if replaces:
            text = f"{wish.target.name} is there already. Replace it?"
            self.question.ask(text, "Replace it", partial(self._begin, replace(wish, replace=True)))
        else:
            self._begin(wish)

    def _begin(self, wish: Export) -> None:
        self.work(exchanged.export, wish, then=self.end)
