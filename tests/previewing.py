"""A dock over a viewer with cells of 8 nm, a small network, and what waits for it to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tiny
from qtpy.QtCore import Qt

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.dock import DaCapo

WAIT = 60_000  # milliseconds
RAW, LABELS = tiny.cells((40, 40, 40), seed=0)


@contextmanager
def open_dock(make_napari_viewer: Callable, qtbot, workspace: Workspace) -> Iterator[DaCapo]:
    """Data are not chosen yet."""
    viewer = make_napari_viewer()
    world = {"scale": (8, 8, 8), "translate": (4, 4, 4), "units": "nm", "axis_labels": "zyx"}
    viewer.add_image(RAW, name="cells", **world)
    viewer.add_labels(LABELS, name="truth", **world)
    dock = DaCapo(viewer, workspace)
    viewer.window.add_dock_widget(dock, name="DaCapo")
    yield dock
    dock.queue.shutdown()
    pages = (dock, dock.runs, dock.results, dock.apply, *dock.components.values())
    qtbot.waitUntil(lambda: not any(page.background.is_busy for page in pages), timeout=WAIT)
    qtbot.waitUntil(
        lambda: not (dock.runs.is_busy or dock.results.is_busy or dock.live.is_busy), timeout=WAIT
    )
    dock.data.close_choices()


def click(qtbot, button) -> None:
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def use_layers(qtbot, dock: DaCapo) -> None:
    """The cells, the last fifth of them along z held out, and networks of 24 voxels that give 8."""
    click(qtbot, dock.data.use)
    qtbot.waitUntil(lambda: dock.data.facts is not None, timeout=WAIT)
    dock.network.suggest(tiny.UNET, "small")
    dock.task.suggest(tiny.TASK, "few offsets")


def press(qtbot, button, row) -> None:
    """And wait until what it makes is shown."""
    click(qtbot, button)
    qtbot.waitUntil(lambda: not row.is_busy, timeout=WAIT)
