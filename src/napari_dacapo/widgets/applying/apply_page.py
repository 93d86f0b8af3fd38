"""The page on which a trained run segments an image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.growing_results import GrowingResults
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import applied_work
from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource, Opened, Wish
from napari_dacapo.widgets.applying.applying import OPENS, Applying
from napari_dacapo.widgets.applying.chosen_image import ChosenImage
from napari_dacapo.widgets.applying.chosen_run import ChosenRun
from napari_dacapo.widgets.applying.chosen_source import ChosenSource
from napari_dacapo.widgets.applying.correct_row import CorrectRow
from napari_dacapo.widgets.applying.estimate_line import EstimateLine
from napari_dacapo.widgets.applying.growing_layers import GrowingLayers
from napari_dacapo.widgets.applying.more_options import MoreOptions
from napari_dacapo.widgets.applying.unfinished_row import UnfinishedRow
from napari_dacapo.widgets.components.cluster_choice import ClusterChoice
from napari_dacapo.widgets.parts.aligned import align_labels
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.parts.output_line import OutputLine
from napari_dacapo.widgets.parts.progress_bar import ProgressBar
from napari_dacapo.widgets.parts.question import Question
from napari_dacapo.widgets.parts.scrolled import Scrolled
from napari_dacapo.widgets.parts.sentence import Sentence
from napari_dacapo.widgets.preferences import Preferences
from napari_dacapo.widgets.training.runs_page import readable_time
from napari_dacapo.widgets.viewer.showing import Showing
from napari_dacapo.widgets.viewer.shown_layers import shown
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dacapo.experiments.applying.unfinished import Begun, Unfinished

SETTLES = 200  # milliseconds after the last choice
DOES = "Predict and segment the image, block by block."
PREDICTS = "Predict the image, block by block."
BUSY = "It segments already; wait, or stop it."


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
        self.background = Background(self)
        self.applying = Applying(workspace, self)
        self.growing = GrowingLayers(viewer, self)
        self.showing = Showing(viewer, self)
        self._chosen = QWidget()
        self.run = ChosenRun(workspace)
        self.image = ChosenImage(viewer)
        self.output = OutputLine()
        self.more = MoreOptions(viewer)
        self.where = ClusterChoice(workspace)
        self.estimate = EstimateLine(workspace)
        self.unfinished = UnfinishedRow(self._obstacle)
        self.segment = QPushButton("Segment")
        self.pause = QPushButton("Pause")
        self.stop = QPushButton("Stop")
        self.progress = ProgressBar()
        self.correct = CorrectRow(viewer, workspace, self.run, self.image, self._grows)
        self.question = Question()
        self.said = Sentence()
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLES)
        self._lay_out()
        self._connect()
        self._show_progress()
        self.refresh()

    def refresh(self) -> None:
        """Read anew which runs were trained, the weights of the chosen one, and what is unfinished."""
        self.run.refresh()
        self.where.refresh()
        self._look_for_unfinished()

    def close_choices(self) -> None:
        """Follow the viewer no longer."""
        self._settled.stop()
        self.growing.leave()
        self.correct.close()
        self.image.close()
        self.more.close()
        for event in (self._viewer.layers.events.inserted, self._viewer.layers.events.removed):
            event.disconnect(self._on_layers)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Qt's. What is not seen is not estimated, and has no style."""
        super().showEvent(event)
        align_labels(self._chosen)
        self._settled.start()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown."""
        return (
            self.background.is_busy
            or self.run.background.is_busy
            or self.estimate.is_busy
            or self.where.background.is_busy
            or self.growing.is_busy
            or self.showing.is_busy
            or self.correct.is_busy
            or self._settled.isActive()
        )

    @property
    def problem(self) -> str:
        """Why nothing can be segmented; empty if it can."""
        no_folder = "" if self.output.path else "Choose a folder to write to."
        return self.run.problem or self.image.problem or no_folder or self.more.only_where.problem

    def _lay_out(self) -> None:
        self.progress.setFormat("%p %")
        below = QFormLayout()
        below.addRow("write to", self.output)
        buttons = QHBoxLayout()
        for button in (self.segment, self.pause, self.stop):
            buttons.addWidget(button)
        chosen = QVBoxLayout(self._chosen)
        chosen.setContentsMargins(0, 0, 0, 0)
        chosen.addWidget(self.run)
        chosen.addWidget(self.image)
        chosen.addLayout(below)
        chosen.addWidget(self.more)
        chosen.addWidget(self.where)
        column = QVBoxLayout(self)
        for widget in (Scrolled(self._chosen), self.estimate, self.question, self.unfinished):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self.correct)
        column.addWidget(self.progress)
        column.addWidget(self.said)
        column.addStretch(1)

    def _connect(self) -> None:
        self.run.turned.connect(self._suggest_output)
        self.run.changed.connect(self._enable)
        self.image.changed.connect(self._on_image)
        for part in (self.image, self.more.only_where, self.correct):
            part.said.connect(self.said.setText)
        self.output.edited.connect(self._enable)
        self.more.changed.connect(self._enable)
        self.segment.clicked.connect(self._look_first)
        self.pause.clicked.connect(self._on_pause)
        self.stop.clicked.connect(self.applying.stop)
        self.unfinished.wanted.connect(self._go_on)
        self.applying.changed.connect(self._show_progress)
        self.applying.opened.connect(self._show_layers)
        self._settled.timeout.connect(self._estimate)
        for source in (self.background, self.run.background, self.growing):
            source.failed.connect(self._say_failure)
        self._viewer.layers.events.inserted.connect(self._on_layers)
        self._viewer.layers.events.removed.connect(self._on_layers)

    # --- what is chosen ---

    def _on_image(self) -> None:
        self._suggest_output()
        self._enable()

    def _on_layers(self, _: object) -> None:
        self.unfinished.show_state()

    def _suggest_output(self) -> None:
        """A folder named after run and image, until a person names another."""
        run, title = self.run.name, self.image.title
        if run and title and not self.output.is_named:
            work = partial(applied_work.free_output, self._workspace, run, title)
            self.background.do(work, then=self._take_output)

    def _take_output(self, path: Path) -> None:
        self.output.suggest(path)
        self._enable()

    def _wish(self) -> Wish:
        """Raises UserInputError for what cannot be used."""
        return Wish(
            run=self.run.name,
            weights=self.run.chosen,
            source=self.image.chosen,
            output=cast(Path, self.output.path),
            device=self._preferences.device,
            threads=self._preferences.network_threads,
            mask=self.more.only_where.wanted,
            options=self.more.options,
            cluster=self.where.cluster,
        )

    # --- what it takes ---

    def _estimate(self) -> None:
        """Only while it is seen, and nothing else is at work here."""
        if self.applying.progress.is_active:
            self.estimate.say("")
        elif self.problem:
            self.estimate.say(self.problem)
        elif self.isVisible():
            try:
                self.estimate.tell(self._wish())
            except DacapoError as error:
                self.estimate.say(str(error))

    # --- segmenting ---

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
            self.question.ask(text, "Replace them", partial(self._begin, replace(wish, replace=True)))
        else:
            self._begin(wish)

    def _begin(self, wish: Wish, sentence: str = OPENS) -> None:
        if self.applying.progress.is_active:
            return
        folder = applied_work.run_folder(self._workspace, wish.run)
        self.growing.follow(_key(wish), GrowingResults(folder, wish.output, wish.source.title))
        self.applying.begin(wish, sentence)
        self._look_for_unfinished()

    def _on_pause(self) -> None:
        if self.applying.progress.state == "paused":
            self.applying.resume()
        else:
            self.applying.pause()

    def _show_layers(self, wish: Wish, opened: Opened) -> None:
        self.growing.leave()
        self.showing.show(_key(wish), opened.layers, self._suggest_output)

    def _grows(self, layer: Layer) -> bool:
        """Whether the layer shows what is being applied."""
        wish = self.applying.wish if self.applying.progress.is_active else None
        return wish is not None and layer in shown(self._viewer, _key(wish))

    # --- what is unfinished ---

    def _look_for_unfinished(self) -> None:
        self.background.do(applied_work.unfinished_in, self._workspace, then=self._offer)

    def _offer(self, found: tuple[Unfinished, ...]) -> None:
        wish = self.applying.wish if self.applying.progress.is_active else None
        self.unfinished.offer([each for each in found if wish is None or each.output != wish.output])

    def _obstacle(self, unfinished: Unfinished) -> str:
        """Why it cannot be gone on with; empty if it can."""
        if self.applying.progress.is_active:
            return BUSY
        if unfinished.done == unfinished.of and self.more.options.only_predict:
            return "All of it is predicted: switch Only predict off to segment it."
        if unfinished.segmenter not in (
            "",
            self.more.options.segmenter,
        ):  # code that a stranger may have named
            return f"If you trust it, set Segmenter under More to {unfinished.segmenter}, as it was begun."
        for what, chosen, begun in self._begun_with(unfinished):
            if begun.source is None and chosen.named(begun.title) is None:
                return f"Its {what} was a layer: open {begun.title} in the viewer first."
        return ""

    def _go_on(self, unfinished: Unfinished) -> None:
        from napari_dacapo.experiments.predicting.available_weights import Weights

        weights = Weights(f"of iteration {unfinished.iteration:,}", iteration=unfinished.iteration)
        begun_with = self._begun_with(unfinished)
        image, *mask = (_source_of(chosen, begun) for _, chosen, begun in begun_with)
        begun_as = {
            "stored_as": unfinished.dtype,
            "ome_zarr": unfinished.ome_version,
            "segmenter": unfinished.segmenter,
        }
        self._begin(
            Wish(
                run=unfinished.run,
                weights=weights,
                source=replace(image, box=unfinished.box),
                output=unfinished.output,
                device=self._preferences.device,
                threads=self._preferences.network_threads,
                mask=next(iter(mask), None),
                options=self.more.options.replace(**begun_as),
                parameters=unfinished.parameters,
                cluster=self.where.cluster,
            ),
            f"{unfinished.done:,} of {unfinished.of:,} blocks are predicted already; goes on …",
        )

    def _begun_with(self, unfinished: Unfinished) -> Iterator[tuple[str, ChosenSource, Begun]]:
        """What it was begun with, and where such is chosen."""
        yield "image", self.image, unfinished.image
        if unfinished.mask is not None:
            yield "mask", self.more.only_where, unfinished.mask

    # --- what is said ---

    def _show_progress(self) -> None:
        progress = self.applying.progress
        self.progress.setVisible(progress.is_active)
        self.progress.setRange(0, progress.of)
        self.progress.setValue(progress.done)
        left = readable_time(progress.seconds_left(time.monotonic()))
        told = "Paused." if progress.state == "paused" else f"{left} left." if left else ""
        sentence = f"{progress.sentence} {told}".strip()
        self.said.setText("\n".join(filter(None, (sentence, *progress.notices))))
        self.growing.take_news()
        if not progress.is_active and progress.state != "idle":
            self.growing.rest()
            self._look_for_unfinished()
        self._enable()

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))
        self._enable()

    def _enable(self) -> None:
        state, active = self.applying.progress.state, self.applying.progress.is_active
        problem = BUSY if active else self.problem
        only_predict = self.more.options.only_predict
        self.segment.setText("Predict" if only_predict else "Segment")
        allow(self.segment, PREDICTS if only_predict else DOES, problem)
        self.pause.setText("Go on" if state == "paused" else "Pause")
        pause = "Go on with the next block." if state == "paused" else "Rest after this block."
        allow(self.pause, pause, "" if state in ("running", "paused") else "Nothing runs.")
        stopping = "It stops already." if state == "stopping" else "Nothing runs."
        allow(
            self.stop,
            "Stop after this block; finished blocks are kept.",
            "" if state in ("running", "paused") else stopping,
        )
        self.unfinished.show_state()
        self.correct.show_state()
        self._settled.start()


def _source_of(chosen: ChosenSource, begun: Begun) -> LayerSource | FileSource:
    """The file it was begun with, or the layer of the same name."""
    if begun.source is not None:
        return FileSource(begun.source, begun.title)
    return LayerSource(chosen.layer_of(cast("Layer", chosen.named(begun.title))))


def _key(wish: Wish) -> str:
    """What the layers of its results are known by."""
    return f"applied/{wish.output}"
