"""What a training has made last, as layers that follow it."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.results.results import stored_result
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Saved, Snapshot, Validation
from napari_dacapo.layers.coming import Coming, coming_layers
from napari_dacapo.layers.results import snapshot_layers, stacked_layers
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.results.scored_runs import Shown
from napari_dacapo.widgets.training.queued_work import Begun, FollowedStep, run_and_folder
from napari_dacapo.widgets.training.training_queue import TrainingQueue
from napari_dacapo.widgets.viewer.showing import Showing
from napari_dacapo.widgets.viewer.shown_layers import drop_waiting, shown, take_away
from napari_dacapo.widgets.viewer.slices import slices_elsewhere
from napari_dacapo.widgets.work.newest import Newest

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.components.overlays import TextOverlay

    from napari_dacapo.layers.layer import LayerData

NOTHING = "nothing to see yet"
LARGE = 1 << 28  # bytes of a layer; such a one stays on the disk, read where it is looked at


class LiveLayers(QObject):
    """The newest snapshot and the newest validation of the run that trains; if they come fast, not all."""

    failed = Signal(Exception)

    def __init__(
        self, viewer: ViewerModel, workspace: Workspace, queue: TrainingQueue, page: QWidget
    ) -> None:
        super().__init__(page)
        self._viewer = viewer
        self._workspace = workspace
        self._queue = queue
        self._showing = Showing(viewer, page)
        self._name = ""  # of the run that they are of
        self._validated = self._told = 0  # iterations: that is scored, that the overlay tells
        self.coming, self.snapshots, self.validations = Newest(page), Newest(page), Newest(page)
        for newest in (self.coming, self.snapshots, self.validations):
            newest.failed.connect(self.failed)
        queue.steps.connect(self._on_steps)
        queue.changed.connect(self._wait_while_it_trains)
        if not self._overlay.text:
            self._overlay.position = "top_left"  # in the middle each text would draw the picture twice
            self._say(" ")  # the first text takes 0.4 s to draw, which nobody waits for while it trains

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be read or shown."""
        reading = any(newest.is_busy for newest in (self.coming, self.snapshots, self.validations))
        return reading or self._showing.is_busy

    def leave(self) -> None:
        """Nothing more comes: the page is closed."""
        for key in (_snapshot(self._name), _validated(self._name)):
            drop_waiting(self._viewer, key)
        self._say_no_more(self._name)

    @property
    def _overlay(self) -> TextOverlay:
        return self._viewer.canvas.overlays.text

    def _on_steps(self, name: str, steps: list[FollowedStep]) -> None:
        for step in steps:
            if isinstance(step, Snapshot):
                self._wish(self.snapshots, newest_snapshot, name, _snapshot(name), step.iteration)
            elif isinstance(step, Begun):
                self._leave(name)
                self._validated = self._told = 0
                self._say(f"{_title(name, step.iteration)}: {NOTHING}")  # draws most letters once
                then = partial(self._show_coming, name)
                self.coming.wish(coming, self._workspace, name, then=then)
            elif isinstance(step, Validation):
                self._validated = step.iteration
            elif isinstance(step, Saved) and step.iteration == self._validated:  # its scores are complete
                self._wish(self.validations, newest_validation, name, _validated(name), step.iteration)

    def _leave(self, name: str) -> None:
        """The layers of the run before it go: a long queue would leave seven of each run."""
        before, self._name = self._name, name
        if before not in ("", name):
            last = [
                layer for key in (_snapshot(before), _validated(before)) for layer in shown(self._viewer, key)
            ]
            take_away(self._viewer, last)

    def _wish(self, newest: Newest, read: Callable[..., Shown], name: str, key: str, iteration: int) -> None:
        then = partial(self._show, name, key, iteration)
        otherwise = partial(self._give_up, name, key, iteration)
        newest.wish(read, self._workspace, name, iteration, then=then, otherwise=otherwise)

    def _show_coming(self, name: str, coming: Coming) -> None:
        if self._trains(name):
            then = partial(self._wait_while_it_trains, name)
            self._showing.show(_snapshot(name), coming.snapshot, then)
            self._showing.show(_validated(name), coming.validation, then)
        else:
            self._say_no_more(name)

    def _wait_while_it_trains(self, name: str) -> None:
        if not self._trains(name) and not self.is_busy:
            for key in (_snapshot(name), _validated(name)):
                drop_waiting(self._viewer, key)
            self._say_no_more(name)

    def _say_no_more(self, name: str) -> None:
        """Of a run that ended before there was anything to see."""
        if self._overlay.text.startswith(f"{name}, ") and self._overlay.text.endswith(NOTHING):
            self._say(" ")

    def _trains(self, name: str) -> bool:
        run = self._queue.run(name)
        return run is not None and (run.is_active or run.state == "on cluster")

    def _show(self, name: str, key: str, iteration: int, found: Shown) -> None:
        if name == self._name:
            self._showing.show(key, found.layers, partial(self._tell, name, key, iteration, found.title))

    def _give_up(self, name: str, key: str, iteration: int) -> None:
        """It cannot be read: nobody waits for it any longer."""
        drop_waiting(self._viewer, key)
        if iteration >= self._told:
            self._say(f"{_title(name, iteration)}: it cannot be read")

    def _tell(self, name: str, key: str, iteration: int, title: str) -> None:
        """Which it is, and where it lies if that is not on the screen."""
        self._wait_while_it_trains(name)
        if iteration >= self._told:
            self._told = iteration
            elsewhere = slices_elsewhere(self._viewer, shown(self._viewer, key))
            self._say(f"{title}: see {elsewhere}" if elsewhere else title)

    def _say(self, text: str) -> None:
        self._overlay.text, self._overlay.visible = text, True


def coming(workspace: Workspace, name: str) -> Coming:
    """What the run will show; what is wrong with its data is told by its training."""
    with suppress(DacapoError):
        return coming_layers(*run_and_folder(workspace, name))
    return Coming()


def newest_snapshot(workspace: Workspace, name: str, iteration: int) -> Shown:
    """Read whole: it is small, and deleted when ten newer ones are there."""
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    opened = snapshot_layers(folder, iteration)
    layers: list[LayerData] = [(np.asarray(data), placed, kind) for data, placed, kind in opened]
    return Shown(_title(name, iteration), layers)


def newest_validation(workspace: Workspace, name: str, iteration: int) -> Shown:
    """Prediction and segmentation of the first validation dataset, as they were kept.

    Read whole where they are not large: they are deleted when a newer one is there.
    """
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    first = folder.saved_run().datasplit.validation(folder.root)[0]
    layers = [_read(each) for each in stacked_layers(stored_result(folder, iteration, first.title))]
    _load_what_labels_need(layers)
    return Shown(_title(name, iteration), layers)


def _read(layer: LayerData) -> LayerData:
    data, properties, kind = layer
    is_large = math.prod(data.shape) * data.dtype.itemsize > LARGE
    return layer if is_large else (np.asarray(data), properties, kind)


def _load_what_labels_need(layers: list[LayerData]) -> None:
    """For the first ones napari imports pandas and compiles colours; the window need not wait for it."""
    for data, _, kind in layers:
        if kind == "labels":
            Labels(np.ones((1, 1), data.dtype))


def _title(name: str, iteration: int) -> str:
    return f"{name}, iteration {iteration:,}"


def _snapshot(name: str) -> str:
    """What its layers are known by."""
    return f"snapshot/{name}"


def _validated(name: str) -> str:
    return f"newest/{name}"
