"""What changes often, words and progress, has as little drawn as can be."""

from collections.abc import Iterator

import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_dacapo.widgets.parts.progress_bar import ProgressBar
from napari_dacapo.widgets.parts.sentence import Sentence

LONG = "It is measured how often every object was split or merged, and then the best one is kept. " * 3


class LaidOut(QObject):
    """How often the window was laid out anew."""

    count = 0

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        self.count += event is not None and event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def sentence(qtbot) -> Iterator[Sentence]:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    sentence = Sentence("Nothing trains.")
    column.addWidget(sentence)
    column.addStretch()
    window.resize(300, 400)
    window.show()
    qtbot.waitExposed(window)
    yield sentence


def test_other_words_of_as_many_lines_lay_out_nothing(qtbot, sentence: Sentence) -> None:
    laid_out = LaidOut()
    sentence.parentWidget().installEventFilter(laid_out)
    for iteration in range(3):
        sentence.setText(f"Iteration {iteration}.")
        qtbot.wait(20)
    assert (sentence.text(), laid_out.count) == ("Iteration 2.", 0)


def test_more_words_have_the_room_they_need_and_give_it_back(qtbot, sentence: Sentence) -> None:
    label, low = sentence.findChild(QLabel), sentence.height()
    sentence.setText(LONG)
    qtbot.waitUntil(lambda: label.height() >= 3 * low)
    assert label.height() == sentence.height() >= sentence.heightForWidth(sentence.width())
    sentence.setText("Done.")
    qtbot.waitUntil(lambda: sentence.height() == low)


def test_progress_is_drawn_with_what_else_is_new(qtbot, sentence: Sentence) -> None:
    drawn: list[int] = []

    class Watched(ProgressBar):
        def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
            drawn.append(self.value())

    bar = Watched()
    sentence.parentWidget().layout().addWidget(bar)
    qtbot.waitUntil(lambda: bool(drawn))
    drawn.clear()
    for value in (10, 20, 30):
        bar.setValue(value)
    assert drawn == []
    qtbot.waitUntil(lambda: drawn == [30])


def test_where_nobody_knows_how_long_it_takes_a_part_is_filled_each_second(qtbot) -> None:
    bar = ProgressBar()
    qtbot.addWidget(bar)
    bar.setRange(0, 0)
    bar.setValue(0)
    assert bar.minimum() < bar.maximum()  # else Qt moves it thirty times a second
    assert not bar.isTextVisible() and not bar._beat.isActive()
    bar.show()
    assert bar._beat.isActive() and bar._beat.interval() == 1000
    shown = []
    for _ in range(5):
        bar._beat.timeout.emit()
        bar.setValue(0)  # there is no news
        shown.append(bar.value())
    assert shown == [1, 2, 3, 4, 0]
    bar.setRange(0, 10)
    bar.setValue(3)
    assert (bar.value(), bar.maximum(), bar.isTextVisible(), bar._beat.isActive()) == (3, 10, True, False)
