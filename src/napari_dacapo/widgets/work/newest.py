"""Of many wishes that come fast, only the newest is worth doing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.widgets.work.background import Background

PAUSE = 80  # milliseconds in which more wishes are awaited


class Newest(QObject):
    """At most one is at work; of those that come meanwhile the last one is next, the others never are."""

    failed = Signal(Exception)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.background = Background(page)
        self.background.failed.connect(self._on_failed)
        self._wish: tuple[Callable[[], None], Callable[[], None]] | None = None  # what is done if it fails
        self._otherwise = _nothing  # of what is at work
        self._works = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._begin)

    @property
    def is_busy(self) -> bool:
        """Whether something is at work or about to be."""
        return self._works or self._timer.isActive() or self.background.is_busy

    def wish(
        self,
        work: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """As `Background.do`, soon, unless another wish comes before; `otherwise` is called if it fails."""
        do = partial(self.background.do, work, *args, then=partial(self._on_done, then))
        self._wish = (do, otherwise or _nothing)
        if not self._works and not self._timer.isActive():
            self._timer.start()

    def forget(self) -> None:
        """What is wished and not begun is wished no more."""
        self._wish = None

    def _begin(self) -> None:
        wish, self._wish = self._wish, None
        self._works = wish is not None
        if wish is not None:
            do, self._otherwise = wish
            do()

    def _on_done(self, then: Callable[[Any], None], result: Any) -> None:
        then(result)
        self._begin()

    def _on_failed(self, error: DacapoError) -> None:
        self._otherwise()
        self.failed.emit(error)
        self._begin()


def _nothing() -> None:
    pass
