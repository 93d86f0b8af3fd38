"""Layers of what is being applied, which grow as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.layers.growing_results import GrowingResults, Grown
from napari_dacapo.widgets.viewer.showing import Showing
from napari_dacapo.widgets.viewer.shown_layers import shown
from napari_dacapo.widgets.work.newest import Newest

if TYPE_CHECKING:
    from napari.components import ViewerModel

LOOKS_EVERY = 300  # milliseconds
READS = 0.2  # seconds of each look, for each layer


class GrowingLayers(QWidget):
    """Looks at what is finished, reads what is on the screen, and draws that anew, a few times a second.

    While there is nothing new it rests: each look begins a thread, for which the window waits where the
    machine is busy. Reading goes on after the work has stopped, as long as one of the layers is there.
    Never seen itself.
    """

    failed = Signal(Exception)

    def __init__(self, viewer: ViewerModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._key = ""
        self._results: GrowingResults | None = None
        self._is_at_work = self._has_news = False
        self._reading = Newest(self)
        self._reading.failed.connect(self._on_failed)
        self._showing = Showing(viewer, self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOKS_EVERY)
        self._timer.timeout.connect(self._look)
        self.hide()

    @property
    def is_busy(self) -> bool:
        return self._reading.is_busy or self._showing.is_busy

    def follow(self, key: str, results: GrowingResults) -> None:
        """Show these, as layers known by the key, until `leave`."""
        self._key, self._results, self._is_at_work = key, results, True
        self.take_news()
        self._timer.start()

    def take_news(self) -> None:
        """More may be finished."""
        self._has_news = True

    def rest(self) -> None:
        """Nothing more is finished; what is looked at is still read."""
        self._is_at_work = False

    def leave(self) -> None:
        """What is shown by now is somebody else's."""
        self._timer.stop()
        self._results = None
        self._reading.forget()

    def _look(self) -> None:
        results = self._results
        if results is None or self.is_busy:
            return
        if self._has_news or results.is_behind:
            self._has_news = False
            self._reading.wish(results.read, READS, then=lambda grown: self._show(results, grown))
        elif not self._is_at_work and not shown(self._viewer, self._key):
            self.leave()

    def _show(self, results: GrowingResults, grown: Grown) -> None:
        if results is not self._results:
            return
        if grown.layers:
            self._showing.show(self._key, grown.layers, _nothing)
        elif grown.is_new:
            for layer in shown(self._viewer, self._key):
                layer.refresh(extent=False, thumbnail=False, highlight=False)

    def _on_failed(self, error: Exception) -> None:
        self.leave()
        self.failed.emit(error)


def _nothing() -> None:
    pass
