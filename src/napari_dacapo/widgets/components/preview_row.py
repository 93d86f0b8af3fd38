"""Buttons that show a preview as layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.previews import Preview
from napari_dacapo.widgets.viewer.looking import fit
from napari_dacapo.widgets.viewer.showing import Showing
from napari_dacapo.widgets.viewer.shown_layers import shown
from napari_dacapo.widgets.viewer.world import view_of
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dacapo.experiments.previews.previews import Previews


WORKS = "Makes a preview …"


class PreviewRow(QWidget):
    """They cannot be pressed while data or something else is missing; their tooltips say what."""

    said = Signal(str)  # about what is shown, or why nothing is

    def __init__(self, viewer: ViewerModel, key: str) -> None:
        super().__init__()
        self.previews: Previews | None = None
        self._viewer = viewer
        self._key = f"preview/{key}"
        self._missing = "Choose data on page 1 of the dock DaCapo."
        self._problem = ""
        self._works = False
        self._does: dict[QPushButton, str] = {}
        self.background = Background(self)
        self.background.failed.connect(self._on_failed)
        self._showing = Showing(viewer, self)
        self._buttons = QHBoxLayout(self)
        self._buttons.setContentsMargins(0, 0, 0, 0)

    def add(self, text: str, does: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(act)
        self._does[button] = does
        self._buttons.addWidget(button)
        self._enable()
        return button

    def use(self, previews: Previews | None, missing: str) -> None:
        """What previews are made of, or what is missing for that."""
        self.previews, self._missing = previews, missing
        self._enable()

    def refuse(self, problem: str) -> None:
        """What is wrong on the page itself; nothing, if empty."""
        self._problem = problem
        self._enable()

    def make(self, kind: Callable[..., Preview], *of: object, look: bool = False) -> None:
        """Make a preview of the present view and show it; `look` moves the view to it."""
        self._tell(WORKS, works=True)
        then = partial(self._show, look)
        self.background.do(kind, self.previews, *of, view_of(self._viewer), then=then)

    @property
    def is_busy(self) -> bool:
        """Whether a preview is still to be made or shown."""
        return self.background.is_busy or self._showing.is_busy

    @property
    def layers(self) -> list[Layer]:
        """Those that are shown."""
        return shown(self._viewer, self._key)

    def _show(self, look: bool, preview: Preview) -> None:
        then = partial(self._on_shown, look, preview.sentence)
        self._showing.show(self._key, preview.layers, then)

    def _on_shown(self, look: bool, sentence: str) -> None:
        if look:
            fit(self._viewer, self.layers)
        self._tell(sentence)

    def _on_failed(self, error: DacapoError) -> None:
        self._tell(str(error))

    def _tell(self, sentence: str, works: bool = False) -> None:
        self._works = works
        self._enable()
        self.said.emit(sentence)

    def _enable(self) -> None:
        reason = self._missing or self._problem or (WORKS if self._works else "")
        for button, does in self._does.items():
            button.setEnabled(not reason)
            button.setToolTip(reason or does)
