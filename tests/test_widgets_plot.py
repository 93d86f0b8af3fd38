"""The plot: what is drawn where, what the mouse tells, and how fast a million iterations are drawn."""

import math
import time

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QImage, QPalette

from napari_dacapo.widgets.plots.axis import Axis
from napari_dacapo.widgets.plots.canvas import COLORS, Canvas
from napari_dacapo.widgets.plots.curve import Bins, Curve
from napari_dacapo.widgets.plots.plot import TrainingPlot

NAN = math.nan


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


CURVE = Curve(
    "a",
    iterations=np.arange(1.0, 101.0),
    losses=np.linspace(1.0, 0.1, 100),
    score_iterations=numbers(20, 50, 80),
    scores=numbers(3.0, 1.0, 2.0),
    best=50,
)


@pytest.fixture
def plot(qtbot: QtBot) -> TrainingPlot:
    found = TrainingPlot("voi_sum")
    qtbot.addWidget(found)
    found.resize(400, 300)
    found.show()
    qtbot.waitExposed(found)
    found.set_curves([CURVE])
    return found


def place(canvas: Canvas, iteration: int, name: str = "a") -> QPoint:
    found = [m.place for m in canvas.marks() if (m.curve.name, m.iteration) == (name, iteration)]
    return found[0].toPoint()


def image(canvas: Canvas) -> QImage:
    return canvas.grab().toImage()


def columns_with(picture: QImage, color: str, rows: range | None = None) -> set[int]:
    """The columns in which a pixel has that colour, or nearly."""
    wanted = QColor(color)
    return {
        x
        for x in range(picture.width())
        for y in rows or range(picture.height())
        if _near(picture.pixelColor(x, y), wanted)
    }


def _near(a: QColor, b: QColor) -> bool:
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return all(abs(one - other) < 25 for one, other in pairs)


def test_losses_of_a_column_become_their_range_and_mean() -> None:
    bins = Bins.of(numbers(1, 2, 3, 4), numbers(4.0, 2.0, NAN, 8.0), columns=2)
    assert bins.iterations.tolist() == [2, 4]
    assert bins.low.tolist() == [2, 8]
    assert bins.high.tolist() == [4, 8]
    assert bins.mean.tolist() == [3, 8]
    assert bins.counts.tolist() == [2, 1]


def test_few_losses_keep_a_column_each() -> None:
    bins = Bins.of(numbers(5, 7), numbers(1.0, NAN), columns=300)
    assert bins.mean.tolist()[0] == 1
    assert math.isnan(bins.mean[1])
    assert Bins.of(numbers(), numbers(), columns=300).mean.tolist() == []


@pytest.mark.parametrize(
    ("losses", "iterations", "smooth"),
    [
        ((1, 0, 0), 1, (1, 0, 0)),
        ((1, 0), 2, (1, 1 / 3)),  # (1/2 * 1/2 * 1 + 1/2 * 0) / (1/4 + 1/2)
        ((1, NAN, 0), 2, (1, NAN, 1 / 3)),
        ((5, 5, 5), 100, (5, 5, 5)),
    ],
)
def test_smoothing_is_an_exponential_mean_of_what_was_seen(
    losses: tuple[float, ...], iterations: int, smooth: tuple[float, ...]
) -> None:
    bins = Bins.of(np.arange(1.0, len(losses) + 1), numbers(*losses), columns=300)
    np.testing.assert_allclose(bins.smoothed(iterations), smooth)


def test_a_curve_grows() -> None:
    curve = Curve("a").with_losses([1, 2], [0.5, 0.4]).with_score(2, 0.9, True).with_score(4, 1.0, False)
    assert curve.losses.tolist() == [0.5, 0.4]
    assert (curve.score_iterations.tolist(), curve.best) == ([2, 4], 2)
    assert curve.last_iteration == 4
    assert Curve("a").last_iteration == 0


@pytest.mark.parametrize(
    ("low", "high", "logarithmic", "ticks"),
    [
        (0, 12_000, False, [0, 5_000, 10_000]),
        (0, 1.1, False, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.415, 0.475, False, [0.42, 0.43, 0.44, 0.45, 0.46, 0.47]),
        (0.02, 4, True, [0.03, 0.1, 0.3, 1.0, 3.0]),
        (0.4, 3, True, [0.5, 1.0, 2.0]),
        (0.42, 0.47, True, [0.42, 0.43, 0.44, 0.45, 0.46, 0.47]),
    ],
)
def test_ticks_are_round_values(low: float, high: float, logarithmic: bool, ticks: list[float]) -> None:
    found = Axis(low, high, 0, 100, logarithmic).ticks(6)
    np.testing.assert_allclose([value for value, _ in found], ticks)


@pytest.mark.parametrize(("logarithmic", "middle"), [(False, 50.5), (True, 10.0)])
def test_a_place_is_a_value_and_back(logarithmic: bool, middle: float) -> None:
    axis = Axis(1, 100, 200, 0, logarithmic)
    np.testing.assert_allclose(axis.place(numbers(1, middle, 100)), [200, 100, 0])
    assert axis.value(100) == pytest.approx(middle)


def test_an_axis_shows_every_value_it_can() -> None:
    assert Axis.around([numbers(NAN, 2.0), numbers(4.0)], 0, 1) == Axis(1.9, 4.1, 0, 1)
    assert Axis.around([numbers(-1.0, 0.0, 2.0)], 0, 1, logarithmic=True).low == pytest.approx(2 / 1.05)
    assert Axis.around([numbers(3.0)], 0, 1).high > 3
    assert Axis.around([numbers(NAN)], 0, 1).high == 1


def test_a_click_on_a_score_picks_its_iteration(qtbot: QtBot, plot: TrainingPlot) -> None:
    with qtbot.waitSignal(plot.picked, timeout=1000) as picked:
        qtbot.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=place(plot.canvas, 80) + QPoint(3, 3))
    assert picked.args == [80, "a"]


def test_a_click_elsewhere_picks_nothing(qtbot: QtBot, plot: TrainingPlot) -> None:
    with qtbot.assertNotEmitted(plot.picked):
        qtbot.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=place(plot.canvas, 80) + QPoint(0, 40))


def test_of_two_curves_the_nearer_score_is_picked(qtbot: QtBot, plot: TrainingPlot) -> None:
    plot.set_curve(Curve("b", score_iterations=numbers(50), scores=numbers(2.0)))
    with qtbot.waitSignal(plot.picked, timeout=1000) as picked:
        qtbot.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=place(plot.canvas, 50, "b"))
    assert picked.args == [50, "b"]


def test_the_mouse_tells_loss_and_score(plot: TrainingPlot) -> None:
    plot.smoothing.setValue(0)
    assert plot.canvas.told_at(place(plot.canvas, 50).x()) == [
        "iteration 50",
        "loss 0.5545, voi_sum 1 (best)",
    ]
    between = place(plot.canvas, 50).x() / 2 + place(plot.canvas, 80).x() / 2
    assert plot.canvas.told_at(between) == ["iteration 65", "loss 0.4182"]


def test_the_mouse_tells_curves_by_name(plot: TrainingPlot) -> None:
    plot.set_curves([CURVE, Curve("b").with_losses([1, 2], [NAN, NAN])])
    at_20 = plot.canvas.told_at(place(plot.canvas, 20).x())
    assert at_20[0] == "iteration 20"
    assert at_20[1].startswith("a: loss 0.9")
    assert at_20[1].endswith(", voi_sum 3")
    assert len(at_20) == 2  # b was not trained so far


def test_what_the_mouse_points_at_is_drawn(qtbot: QtBot, plot: TrainingPlot) -> None:
    before = image(plot.canvas)
    qtbot.mouseMove(plot.canvas, place(plot.canvas, 50))
    qtbot.waitUntil(lambda: image(plot.canvas) != before, timeout=5000)
    assert plot.canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor


def test_the_best_score_is_a_filled_star_and_the_others_are_rings(plot: TrainingPlot) -> None:
    plot.set_curves([Curve("a", score_iterations=CURVE.score_iterations, scores=CURVE.scores, best=50)])
    picture = image(plot.canvas)
    filled = {i: _near(picture.pixelColor(place(plot.canvas, i)), QColor(COLORS[0])) for i in (20, 50, 80)}
    assert filled == {20: False, 50: True, 80: False}


def test_the_chosen_score_has_a_ring_around_it(plot: TrainingPlot) -> None:
    plot.set_curves([Curve("a", score_iterations=CURVE.score_iterations, scores=CURVE.scores, best=50)])
    plot.choose("a", 80)
    picture = image(plot.canvas)
    ringed = {
        i: any(
            _near(picture.pixelColor(place(plot.canvas, i) + QPoint(0, -down)), QColor(COLORS[0]))
            for down in (7, 8, 9)
        )
        for i in (20, 80)
    }
    assert ringed == {20: False, 80: True}


def test_a_loss_that_is_not_finite_is_a_gap(plot: TrainingPlot) -> None:
    losses = np.where((CURVE.iterations > 40) & (CURVE.iterations < 60), NAN, 0.5)
    plot.set_curves([Curve("a", CURVE.iterations, losses)])
    drawn = columns_with(image(plot.canvas), COLORS[0])
    gaps = [b - a for a, b in zip(sorted(drawn), sorted(drawn)[1:], strict=False)]
    assert max(gaps) == pytest.approx(0.2 * (max(drawn) - min(drawn)), abs=3)
    assert sum(gap > 1 for gap in gaps) == 1


def test_the_logarithmic_switch_lifts_small_losses(qtbot: QtBot, plot: TrainingPlot) -> None:
    plot.set_curves([Curve("a").with_losses([1, 2, 3], [1.0, 0.1, 0.01])])
    plot.smoothing.setValue(0)
    lower_half = range(plot.canvas.height() // 2, plot.canvas.height())
    linear = columns_with(image(plot.canvas), COLORS[0], lower_half)
    plot.logarithmic.click()
    logarithmic = columns_with(image(plot.canvas), COLORS[0], lower_half)
    assert min(logarithmic) > min(linear) + 20


def test_the_slider_smooths(plot: TrainingPlot) -> None:
    plot.set_curves([Curve("a").with_losses([1, 2], [1.0, 0.0])])
    told = []
    for position in (plot.smoothing.minimum(), 6, plot.smoothing.maximum()):  # 1, 2 and 1000 iterations
        plot.smoothing.setValue(position)
        told.append(plot.canvas.told_at(plot.canvas.width() - 15.0)[1])
    assert told == ["loss 0", "loss 0.3333", "loss 0.4997"]


def test_several_curves_have_a_legend_in_their_colors(plot: TrainingPlot) -> None:
    head = range(plot.canvas.fontMetrics().height(), 3 * plot.canvas.fontMetrics().height())
    empty = Curve("b", numbers(100), numbers(NAN))
    plot.set_curves([Curve("a", numbers(100), numbers(NAN)), empty])
    picture = image(plot.canvas)
    first, second = (columns_with(picture, color, head) for color in COLORS[:2])
    assert first and second
    assert max(first) < min(second)
    plot.set_curves([empty])
    assert not columns_with(image(plot.canvas), COLORS[0], head)


def test_the_theme_colors_the_axes(plot: TrainingPlot) -> None:
    palette = plot.palette()
    for name, role in (("#ffffff", QPalette.ColorRole.WindowText), ("#000000", QPalette.ColorRole.Window)):
        palette.setColor(role, QColor(name))
    plot.setPalette(palette)
    dark = image(plot.canvas)
    labels = [dark.pixelColor(x, y).lightness() for x in range(30) for y in range(dark.height())]
    assert (min(labels), max(labels) > 150) == (0, True)


@pytest.mark.parametrize(
    "curves",
    [
        [],
        [Curve("nothing")],
        [Curve("one").with_losses([1], [0.5])],
        [Curve("none finite").with_losses([1, 2], [NAN, math.inf])],
        [Curve("zero").with_losses([1, 2], [0.0, 0.0]).with_score(2, 0.0, True)],
        [Curve("no score").with_score(5, NAN, False)],
        [Curve(f"run {number}").with_losses([1, 9], [1.0, 0.1]) for number in range(12)],
    ],
    ids=lambda curves: curves[-1].name if curves else "no curve",
)
@pytest.mark.parametrize("logarithmic", [False, True])
def test_any_curve_can_be_drawn(
    qtbot: QtBot, plot: TrainingPlot, curves: list[Curve], logarithmic: bool
) -> None:
    plot.logarithmic.setChecked(logarithmic)
    plot.set_curves(curves)
    assert not image(plot.canvas).isNull()
    assert plot.canvas.told_at(plot.canvas.width() / 2)[0].startswith("iteration")
    qtbot.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 100))


def test_a_million_iterations_are_drawn_in_ten_milliseconds(plot: TrainingPlot) -> None:
    iterations = np.arange(1.0, 1_000_001.0)
    noise = np.random.default_rng(0).random(1_000_000)
    plot.set_curves([Curve("long", iterations, (0.1 + np.exp(-iterations / 200_000)) * noise)])
    assert min(_cpu_seconds(plot.canvas) for _ in range(5)) < 0.010


def _cpu_seconds(canvas: Canvas) -> float:
    began = time.thread_time()
    canvas.grab()
    return time.thread_time() - began
