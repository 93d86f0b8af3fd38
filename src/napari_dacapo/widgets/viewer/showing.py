"""Layers that come one after another, so that the window moves in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.viewer.held_canvas import hold_canvas
from napari_dacapo.widgets.viewer.shown_layers import showing

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.layers.layer import LayerData


PAUSE = 50  # milliseconds in which the window draws one and answers


class Showing(QObject):
    """Results in the order they are given; when the page is gone, nothing more is shown."""

    def __init__(self, viewer: ViewerModel, page: QWidget) -> None:
        super().__init__(page)
        self._viewer = viewer
        self._page = page
        self._results: deque[tuple[Iterator[None], Callable[[], None]]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._show_one)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown."""
        return bool(self._results)

    def show(self, key: str, layers: Iterable[LayerData], then: Callable[[], None]) -> None:
        """As `shown_layers.show`; `then` is called when all are there."""
        self._results.append((showing(self._viewer, key, layers), then))
        self._timer.start()

    def _show_one(self) -> None:
        hold_canvas(self._page)
        steps, then = self._results[0]
        if next(steps, self) is self:
            self._results.popleft()
            if not self._results:
                self._timer.stop()
            then()
