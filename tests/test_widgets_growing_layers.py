"""Layers of what is being applied are read when there is something new, and only then."""

from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_dacapo.layers.growing_results import Grown
from napari_dacapo.widgets.applying.growing_layers import LOOKS_EVERY, GrowingLayers


class Results:
    """Counts how often it is read."""

    reads = 0
    is_behind = False

    def read(self, seconds: float) -> Grown:
        self.reads += 1
        return Grown([], False)


def test_nothing_is_read_while_nothing_is_new(qtbot) -> None:
    page, results = QWidget(), Results()
    qtbot.addWidget(page)
    growing = GrowingLayers(ViewerModel(), page)
    growing.follow("applied", results)
    qtbot.waitUntil(lambda: results.reads == 1 and not growing.is_busy)
    qtbot.wait(3 * LOOKS_EVERY)
    assert results.reads == 1
    growing.take_news()
    qtbot.waitUntil(lambda: results.reads == 2 and not growing.is_busy)
    results.is_behind = True  # somebody looks elsewhere
    qtbot.waitUntil(lambda: results.reads > 3)
    growing.leave()
    qtbot.waitUntil(lambda: not growing.is_busy)
