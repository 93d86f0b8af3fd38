"""How long the window waits when the first rectangle of a machine is drawn.

    NUMBA_CACHE_DIR=$(mktemp -d) xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/first_rectangle.py

A timer of the window ticks every 5 ms while a box is begun as by the button, and drawn with the mouse. With
an empty folder napari compiles anew, as on a machine that never drew one. `--plain` adds the layer in the
window's thread, as napari does.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_dacapo.arrays.box import Box
from napari_dacapo.widgets.data.drawn_box import DrawnBox

SHAPE = (32, 128, 128)
HALF = 60  # pixels of the rectangle
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Ticks:
    """The longest time between two ticks."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


def told(what: str, act: Callable[[], object], ended: Callable[[], bool]) -> None:
    ticks, began = Ticks(), time.perf_counter()
    act()
    acted = time.perf_counter()
    while not ended() or time.perf_counter() < acted + 0.5:
        QApplication.processEvents()
        time.sleep(0.001)
    print(f"{what}: {time.perf_counter() - began:.1f} s, the window waited {1000 * ticks.longest:.0f} ms")


def begin_plainly(viewer: napari.Viewer) -> None:
    viewer.add_shapes(ndim=len(SHAPE)).mode = "add_rectangle"


def draw(viewer: napari.Viewer) -> None:
    mouse: Any = QTest  # its stubs want an instance
    canvas = viewer.window._qt_viewer.canvas.native
    centre = QPoint(canvas.width() // 2, canvas.height() // 2)
    mouse.mousePress(canvas, LEFT, PLAIN, centre - QPoint(HALF, HALF))
    for step in range(-HALF, HALF + 1, 20):
        mouse.mouseMove(canvas, centre + QPoint(step, step))
        QApplication.processEvents()
    mouse.mouseRelease(canvas, LEFT, PLAIN, centre + QPoint(HALF, HALF))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plain", action="store_true", help="as napari does it")
    plain = parser.parse_args().plain
    viewer = napari.Viewer()
    viewer.add_image(np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8))
    box = DrawnBox(viewer, "box", viewer.window._qt_window)
    around = Box((0.0,) * 3, tuple(map(float, SHAPE)))
    begin = partial(begin_plainly, viewer) if plain else partial(box.start, around)
    told("the window is open", lambda: None, lambda: True)
    told("the box is begun", begin, lambda: len(viewer.layers) == 2)
    told("the rectangle is drawn", partial(draw, viewer), lambda: len(viewer.layers[1].data) == 1)
    viewer.close()


if __name__ == "__main__":
    main()
