"""The page on which a trained run segments an image."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from napari.layers import Image
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.arrays.file import File
from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import applied_work
from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource, Opened, Wish
from napari_dacapo.widgets.applying.applying import Applying
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.parts.output_line import OutputLine
from napari_dacapo.widgets.parts.question import Question
from napari_dacapo.widgets.preferences import Preferences
from napari_dacapo.widgets.training.runs_page import readable_time
from napari_dacapo.widgets.viewer.layer_choice import LayerChoice
from napari_dacapo.widgets.viewer.shown_layers import show
from napari_dacapo.widgets.viewer.world import view_of
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.experiments.available_weights import Weights

LAYER, FILE = 0, 1  # where the image comes from


class ApplyPage(QWidget):
    """Which run, with which weights, on which image, and where the result is written."""

    def __init__(
        self,
        viewer: ViewerModel,
        workspace: Workspace,
        preferences: Preferences | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._workspace = workspace
        self._preferences = preferences or Preferences()
        self._weights: tuple[Weights, ...] = ()
        self._weights_of = ""  # the run that they are of
        self.background = Background(self)
        self.applying = Applying(workspace, self)
        self.runs = QComboBox()
        self.weights = QComboBox()
        self.source = QComboBox()
        self.layer = LayerChoice(viewer, (Image,), "image to segment", self)
        self.file = Form(File)
        self.sources = QStackedWidget()
        self.only_seen = QCheckBox("Only what I see")
        self.output = OutputLine()
        self.segment = QPushButton("Segment")
        self.cancel = QPushButton("Cancel")
        self.progress = QProgressBar()
        self.question = Question()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self._lay_out()
        self._connect()
        self.layer.choose(next((each for each in viewer.layers if isinstance(each, Image)), None))
        self._show_progress()
        self.refresh()

    def refresh(self) -> None:
        """Read anew which runs were trained, and the weights of the one that is chosen."""
        self.background.do(applied_work.trained_runs, self._workspace, then=self._show_runs)

    def close_choices(self) -> None:
        """Follow the viewer no longer."""
        self.layer.close()

    @property
    def problem(self) -> str:
        """Why nothing can be segmented; empty if it can."""
        if not self.runs.currentText():
            return "No run is trained yet: train one first."
        if not self._weights or self._weights_of != self.runs.currentText():
            return "Looks for the weights of the run …"
        if self._is_file:
            return str(self.file.problems[0]) if self.file.problems else self._output_problem
        return self._output_problem if self.layer.layer is not None else "Choose an image layer, or a file."

    def _lay_out(self) -> None:
        self.runs.setToolTip("The trained run that segments.")
        self.weights.setToolTip("Which of its weights: the best by a score, the last, or of an iteration.")
        self.source.addItems(["A layer of the viewer", "A file or folder"])
        self.source.setToolTip("A file need not be opened in napari; it is read piece by piece.")
        self.progress.setFormat("%p %")
        self.segment.setToolTip("Predict and segment the image.")
        for combo, name in ((self.runs, "run"), (self.weights, "weights"), (self.source, "where from")):
            combo.setAccessibleName(f"{name} to apply")
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.sources.addWidget(_at_the_top(self.layer.combo.native))
        self.sources.addWidget(_scrolled(self.file))
        rows = QFormLayout()
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("run", self.runs)
        rows.addRow("weights", self.weights)
        rows.addRow("image", self.source)
        below = QFormLayout()
        below.addRow(self.only_seen)
        below.addRow("write to", self.output)
        buttons = QHBoxLayout()
        buttons.addWidget(self.segment)
        buttons.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.addLayout(rows)
        column.addWidget(self.sources, 1)
        column.addLayout(below)
        column.addWidget(self.question)
        column.addLayout(buttons)
        column.addWidget(self.progress)
        column.addWidget(self.said)

    def _connect(self) -> None:
        self.runs.activated.connect(lambda _: self._on_run())
        self.source.currentIndexChanged.connect(self.sources.setCurrentIndex)
        self.source.currentIndexChanged.connect(lambda _: self._on_image())
        self.layer.changed.connect(self._on_image)
        self.layer.lost.connect(self._say_lost)
        self.file.changed.connect(self._on_image)
        self.output.edited.connect(self._enable)
        self.segment.clicked.connect(self._look_first)
        self.cancel.clicked.connect(self.applying.stop)
        self.applying.changed.connect(self._show_progress)
        self.applying.opened.connect(self._show_layers)
        self.background.failed.connect(self._say_failure)

    @property
    def _is_file(self) -> bool:
        return self.source.currentIndex() == FILE

    @property
    def _output_problem(self) -> str:
        return "" if self.output.path is not None else "Choose a folder to write to."

    def _show_runs(self, names: tuple[str, ...]) -> None:
        shown = self.runs.currentText()
        self.runs.clear()
        self.runs.addItems(list(names))
        if shown in names:
            self.runs.setCurrentText(shown)
        self._on_run()

    def _on_run(self) -> None:
        run = self.runs.currentText()
        if run:
            work = partial(applied_work.weights_of, self._workspace, run)
            self.background.do(work, then=partial(self._show_weights, run))
        self._suggest_output()
        self._enable()

    def _show_weights(self, run: str, weights: tuple[Weights, ...]) -> None:
        if run != self.runs.currentText():
            return
        kept = self.weights.currentIndex() if run == self._weights_of and weights == self._weights else 0
        self._weights, self._weights_of = weights, run
        self.weights.clear()
        self.weights.addItems([each.title for each in weights])
        self.weights.setCurrentIndex(kept)
        self._enable()

    def _on_image(self) -> None:
        self._suggest_output()
        self._enable()

    def _say_lost(self, name: str) -> None:
        self.said.setText(f"The layer {name} was removed; choose another one.")

    def _suggest_output(self) -> None:
        """A folder named after run and image, until a person names another."""
        run, title = self.runs.currentText(), self._title
        if run and title and not self.output.is_named:
            work = partial(applied_work.free_output, self._workspace, run, title)
            self.background.do(work, then=self._take_output)

    def _take_output(self, path: Path) -> None:
        self.output.suggest(path)
        self._enable()

    @property
    def _title(self) -> str:
        """Of the image; empty where there is none."""
        if self._is_file:
            return "" if self.file.problems else FileSource(cast(File, self.file.value)).title
        return "" if self.layer.layer is None else self.layer.layer.name

    def _wish(self) -> Wish:
        """Raises UserInputError for what cannot be used."""
        return Wish(
            run=self.runs.currentText(),
            weights=self._weights[self.weights.currentIndex()],
            source=self._file_source() if self._is_file else self._layer_source(),
            output=cast(Path, self.output.path),
            device=self._preferences.device,
            threads=self._preferences.network_threads,
        )

    def _file_source(self) -> FileSource:
        file = cast(File, self.file.value)
        return FileSource(file.replace(path=str(Path(file.path).expanduser().absolute())))

    def _layer_source(self) -> LayerSource:
        layer = cast(Image, self.layer.layer)
        point = self._viewer.dims.point[-layer.ndim :]
        return LayerSource(
            shown=ShownLayer.of(layer),
            place=tuple(np.rint(layer.world_to_data(point)).astype(int).tolist()),
            view=view_of(self._viewer) if self.only_seen.isChecked() else None,
            path=Path(layer.source.path) if layer.source.path else None,
        )

    def _look_first(self) -> None:
        """Whether the folder may be written; earlier results are replaced only after asking."""
        try:
            wish = self._wish()
        except DacapoError as error:
            self._say_failure(error)
            return
        self.background.do(applied_work.replaces, wish, then=partial(self._begin_or_ask, wish))

    def _begin_or_ask(self, wish: Wish, replaces: bool) -> None:
        if replaces:
            text = f"{wish.output.name} holds earlier results. They are deleted before the new ones are made."
            self.question.ask(text, "Replace them", partial(self.applying.begin, replace(wish, replace=True)))
        else:
            self.applying.begin(wish)

    def _show_layers(self, wish: Wish, opened: Opened) -> None:
        show(self._viewer, f"applied/{wish.output}", opened.layers)
        self._suggest_output()

    def _show_progress(self) -> None:
        progress = self.applying.progress
        self.progress.setVisible(progress.is_active)
        self.progress.setRange(0, progress.of)
        self.progress.setValue(progress.done)
        left = readable_time(progress.seconds_left(time.monotonic())) if progress.is_active else ""
        lines = [f"{progress.sentence} {left} left." if left else progress.sentence, *progress.notices]
        self.said.setText("\n".join(filter(None, lines)))
        self._enable()

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))
        self._enable()

    def _enable(self) -> None:
        active = self.applying.progress.is_active
        problem = "It segments already; wait, or cancel it." if active else self.problem
        self.segment.setEnabled(not problem)
        self.segment.setToolTip(problem or "Predict and segment the image.")
        self.cancel.setEnabled(self.applying.progress.state == "running")
        self.cancel.setToolTip(
            "Stop after this step; finished blocks are kept." if active else "Nothing runs."
        )
        self.only_seen.setEnabled(not self._is_file)
        self.only_seen.setToolTip(
            "Open the file as a layer to segment a part of it."
            if self._is_file
            else "A quick look: only the part on the screen, in the slice that is shown."
        )


def _scrolled(form: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(form)
    return scroll


def _at_the_top(widget: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
    column.addStretch(1)
    return page
