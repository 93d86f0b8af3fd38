"""The picture of a viewer waits for its layers, and comes back by itself."""

from dataclasses import dataclass

import pytest
from qtpy.QtCore import Qt
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_dacapo.widgets.viewer.held_canvas import hold_canvas


@dataclass
class Docked:
    """A page beside a picture, as in napari."""

    window: QMainWindow
    dock: QDockWidget
    page: QWidget
    canvas: QOpenGLWidget


@pytest.fixture
def docked(qtbot) -> Docked:
    window, page, canvas = QMainWindow(), QWidget(), QOpenGLWidget()
    qtbot.addWidget(window)
    dock = QDockWidget(window)
    dock.setWidget(page)
    window.setCentralWidget(canvas)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    return Docked(window, dock, page, canvas)


@pytest.mark.parametrize("floats", [False, True])
def test_the_picture_is_held_for_a_moment(qtbot, docked: Docked, floats: bool) -> None:
    docked.dock.setFloating(floats)
    hold_canvas(docked.page)
    assert not docked.canvas.updatesEnabled() and docked.page.updatesEnabled()
    qtbot.waitUntil(docked.canvas.updatesEnabled)


def test_the_picture_comes_back_when_the_page_is_gone(qtbot, docked: Docked) -> None:
    hold_canvas(docked.page)
    with qtbot.waitSignal(docked.dock.destroyed):
        docked.dock.deleteLater()
    qtbot.waitUntil(docked.canvas.updatesEnabled)
