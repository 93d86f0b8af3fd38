"""Buttons to correct a segmentation by hand, and to train the run further on what was corrected."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_dacapo.arrays.file import File
from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.keeping import ChosenLayer
from napari_dacapo.layers.possible_axes import likely_axes
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.layers.units import in_unit
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import corrected
from napari_dacapo.widgets.applying.chosen_image import ChosenImage
from napari_dacapo.widgets.applying.chosen_run import ChosenRun
from napari_dacapo.widgets.data.axes_choice import time_shown
from napari_dacapo.widgets.data.changed_layers import ChangedLayers
from napari_dacapo.widgets.data.layers_box import Viewed
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.viewer.shown_layers import beside
from napari_dacapo.widgets.viewer.world import unit_of, view_of
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.layers.layer import LayerData

log = logging.getLogger(__name__)

CORRECTED = "napari_dacapo_corrected"  # in a layer's metadata: the title it is saved under
SAVES = 2000  # milliseconds after the first stroke that is not saved yet
CORRECTS = (
    "Copy what is on the screen of the selected segmentation into a layer that can be painted on. "
    "Of a volume that is a slice with those around it, as many as the run needs to learn from them."
)
TRAINS = "Use the corrected part beside what the run was trained on, and let Train go on from its weights."
NOTHING = "Segment an image, or select a layer of labels."
PAINT = "Paint it right, all of it: it is saved as you paint. Then press Train on with it."


class CorrectRow(QWidget):
    """What is painted is saved by itself; `wanted` tells what the run is to be trained on further."""

    said = Signal(str)
    wanted = Signal(object)  # the Viewed

    def __init__(
        self,
        viewer: ViewerModel,
        workspace: Workspace,
        run: ChosenRun,
        image: ChosenImage,
        grows: Callable[[Labels], bool],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._workspace = workspace
        self._run = run
        self._image = image
        self._grows = grows
        self.background = Background(self)
        self.saving = Background(self)
        self.correct = QPushButton("Correct what I see")
        self.train = QPushButton("Train on with it")
        self._corrected: Labels | None = None
        self._painted = ChangedLayers(viewer, self)
        self._unsaved: dict[str, Viewed] = {}  # painted on, by title; held here where their layer is deleted
        self._written: dict[str, Viewed] = {}  # are being saved, not known to be on the disk
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVES)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.correct)
        row.addWidget(self.train)
        self._connect()
        self.show_state()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown or saved."""
        return self.background.is_busy or self.saving.is_busy or self._timer.isActive()

    def close(self) -> bool:
        """Follow the viewer no longer; what was painted last is saved."""
        self._timer.stop()
        try:
            corrected.keep(self._workspace, _chosen(self._written | self._take_unsaved()))
        except DacapoError as error:
            log.warning("What was painted last is not saved: %s", error)
        self._painted.close()
        for event in self._followed:
            event.disconnect(self.show_state)
        return super().close()

    def show_state(self, _: Any = None) -> None:
        """What can be corrected, and what trained on."""
        segmentation, correction = self._segmentation, self._correction
        obstacle = NOTHING if segmentation is None else self._run.problem
        if segmentation is not None and self._grows(segmentation):
            obstacle = "It is being segmented; wait, or stop it."
        allow(self.correct, CORRECTS, obstacle)
        obstacle = "Correct a part first." if correction is None else self._run.problem
        if not obstacle and not isinstance(self._image.layer.layer, Image):
            obstacle = "Open the image in the viewer, and choose its layer above."
        allow(self.train, TRAINS, obstacle)

    def _connect(self) -> None:
        self.correct.clicked.connect(self._on_correct)
        self.train.clicked.connect(self._on_train)
        self._painted.changed.connect(self._on_painted)
        self._timer.timeout.connect(self._save)
        self.saving.failed.connect(self._save_later)
        self._run.changed.connect(self.show_state)
        self._image.changed.connect(self.show_state)
        for source in (self.background, self.saving):
            source.failed.connect(self._say_failure)
        for event in self._followed:
            event.connect(self.show_state)

    @property
    def _followed(self) -> tuple[Any, ...]:
        layers = self._viewer.layers
        return layers.events.inserted, layers.events.removed, layers.selection.events.active

    @property
    def _segmentation(self) -> Labels | None:
        """The labels that are selected, else those on top of what is seen, else those corrected last."""
        labels = [each for each in self._labels if CORRECTED not in each.metadata]
        seen = (each for each in labels if each is self._active or each.visible)
        return next(seen, self._corrected if self._corrected in labels else None)

    @property
    def _correction(self) -> Labels | None:
        """The one that is selected, else the newest."""
        return next((each for each in self._labels if CORRECTED in each.metadata), None)

    @property
    def _active(self) -> object:
        return self._viewer.layers.selection.active

    @property
    def _labels(self) -> list[Labels]:
        """The selected one first, then from the top."""
        labels = [each for each in reversed(self._viewer.layers) if isinstance(each, Labels)]
        return sorted(labels, key=lambda layer: layer is not self._active)

    # --- a part becomes a layer that can be painted on ---

    def _on_correct(self) -> None:
        segmentation = cast(Labels, self._segmentation)
        taken = [layer.name for layer in self._viewer.layers]
        title = self._image.title or segmentation.name
        chosen = self._shown(segmentation)
        self.said.emit("Copies the part …")
        work = partial(
            corrected.part, self._workspace, self._run.name, chosen, view_of(self._viewer), title, taken
        )
        self.background.do(work, then=partial(self._add, segmentation))

    def _shown(self, layer: Labels) -> ChosenLayer:
        shown = ShownLayer.of(layer)
        return ChosenLayer(shown, None, time_shown(self._viewer, layer, likely_axes(shown)))

    def _add(self, segmentation: Labels, made: LayerData) -> None:
        ((data, properties, _),) = in_unit([made], unit_of(self._viewer))
        title = properties["name"]
        layer = Labels(data, **properties, metadata={CORRECTED: title})
        layer.selected_label = min(int(data.max()) + 1, np.iinfo(data.dtype).max)  # a new object
        self._viewer.add_layer(layer)
        self._viewer.layers.selection.active = layer
        self._corrected = segmentation
        for other in (segmentation, *beside(self._viewer, segmentation)):
            other.visible = False  # the image is seen, and what is erased does not shine through
        layer.mode = "paint"
        self._painted.watch(Viewed(title, {"labels": layer}, {"labels": (None, None)}, "nothing"))
        self.said.emit(PAINT)

    # --- what is painted is saved ---

    def _on_painted(self) -> None:
        self._unsaved |= {each.title: each for each in self._painted.viewed(self._titles)}
        self._timer.start()

    def _save(self) -> None:
        if self.saving.is_busy:
            self._timer.start()
        elif unsaved := self._take_unsaved():
            self._written = unsaved
            self.saving.do(corrected.keep, self._workspace, _chosen(unsaved), then=self._say_saved)

    def _save_later(self, _: DacapoError) -> None:
        """There may be room by then."""
        self._unsaved, self._written = self._written | self._unsaved, {}
        self._timer.start()

    def _take_unsaved(self) -> dict[str, Viewed]:
        """What is painted from now on is unsaved again."""
        for viewed in self._painted.viewed(self._titles):
            self._painted.watch(viewed)
        unsaved, self._unsaved = self._unsaved, {}
        return unsaved

    def _say_saved(self, files: tuple[File, ...]) -> None:
        self._written = {}
        self.said.emit(f"Saved as {', '.join(file.path for file in files)} in the workspace.")

    @property
    def _titles(self) -> set[str]:
        return {each.metadata[CORRECTED] for each in self._labels if CORRECTED in each.metadata}

    # --- and trained on ---

    def _on_train(self) -> None:
        image, labels = self._image.layer.layer, cast(Labels, self._correction)
        axes = {"image": (self._image.axes.axes, self._image.axes.time), "labels": (None, None)}
        layers = {"image": image, "labels": labels}
        self.wanted.emit(Viewed(labels.metadata[CORRECTED], layers, axes, "nothing", trains=True))

    def _say_failure(self, error: DacapoError) -> None:
        self.said.emit(str(error))


def _chosen(painted: Mapping[str, Viewed]) -> list[tuple[str, ChosenLayer]]:
    return [(title, ChosenLayer(ShownLayer.of(each.layers["labels"]))) for title, each in painted.items()]
