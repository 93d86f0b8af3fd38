"""Where curves are drawn, and what the mouse does there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_dacapo.widgets.plots.axis import Axis
from napari_dacapo.widgets.plots.curve import Bins, Curve, Numbers

COLORS = ("#3b8fd4", "#e08214", "#2ca25f", "#c05fa8", "#c9a000", "#17a2a2", "#d9534f", "#8073c6")
REACH = 10.0  # pixels from the mouse to what it points at
RADIUS = 3.5  # pixels of a score's mark
AROUND = 8.0  # pixels, the radius of the ring around the chosen one
GAP = 5.0  # pixels between axis and label
LABEL = 60.0  # pixels a label of the lower axis takes
TICKS = 5

LEFT = Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignRight
CENTER = Qt.AlignmentFlag.AlignHCenter
MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Score:
    """A score as it is drawn."""

    curve: Curve
    iteration: int
    value: float
    place: QPointF

    @property
    def is_best(self) -> bool:
        return self.iteration == self.curve.best


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is at the present size."""

    area: QRectF
    iterations: Axis
    losses: Axis
    scores: Axis

    def marks(self, curve: Curve) -> Iterator[Score]:
        x, y = self.iterations.place(curve.score_iterations), self.scores.place(curve.scores)
        for index in np.flatnonzero(np.isfinite(y)):
            iteration, value = int(curve.score_iterations[index]), float(curve.scores[index])
            yield Score(curve, iteration, value, QPointF(x[index], y[index]))


class Canvas(QWidget):
    """Losses as lines, raw ones faint and smoothed ones strong; scores as rings, the best one a star."""

    picked = Signal(int, str)

    def __init__(self, score_name: str) -> None:
        super().__init__()
        self.curves: dict[str, Curve] = {}
        self.score_name = score_name
        self.logarithmic = False
        self.smoothing = 1  # iterations
        self.chosen: tuple[str, int] | None = (
            None  # the curve and iteration of a score that has a ring around
        )
        self._mouse: QPointF | None = None
        self._reduced: dict[str, tuple[Curve, int, Bins]] = {}  # with the curve and width it is for
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_curves(())

    def sizeHint(self) -> QSize:
        return QSize(360, 220)

    def set_curves(self, curves: Iterable[Curve]) -> None:
        self.curves = {curve.name: curve for curve in curves}
        self._reduced = {name: kept for name, kept in self._reduced.items() if name in self.curves}
        self.setMinimumSize(180, 80 + self._legend_rows * self.fontMetrics().height())
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not any(curve.last_iteration for curve in self.curves.values()):
            painter.setPen(self._ink(150))
            painter.drawText(QRectF(self.rect()), CENTER | MIDDLE, "The curves of a training appear here.")
            return
        layout = self._layout()
        self._draw_axes(painter, layout)
        self._draw_legend(painter, layout)
        colored = list(zip(self.curves.values(), map(QColor, cycle(COLORS)), strict=False))
        for curve, color in colored:
            self._draw_losses(painter, layout, self._bins(curve, layout.area), color)
        for curve, color in colored:
            self._draw_scores(painter, list(layout.marks(curve)), color)
        if self._mouse is not None and layout.area.contains(self._mouse):
            self._draw_mouse(painter, layout, self._mouse.x())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._mouse = event.position()
            points = self._score_at(self._mouse) is not None
            self.setCursor(Qt.CursorShape.PointingHandCursor if points else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        self._mouse = None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        score = self._score_at(event.position()) if event is not None else None
        if score is not None:
            self.picked.emit(score.iteration, score.curve.name)

    def marks(self) -> list[Score]:
        """Every score, where it is drawn."""
        layout = self._layout()
        return [mark for curve in self.curves.values() for mark in layout.marks(curve)]

    def told_at(self, x: float) -> list[str]:
        """What the mouse in that column tells, line by line."""
        layout = self._layout()
        near = [mark for mark in self.marks() if abs(mark.place.x() - x) < REACH]
        nearest = min(near, key=lambda mark: abs(mark.place.x() - x), default=None)
        iteration = nearest.iteration if nearest else max(1, round(layout.iterations.value(x)))
        lines = [f"iteration {iteration:,}"]
        for curve in self.curves.values():
            told = self._loss_told(self._bins(curve, layout.area), iteration)
            told += [self._score_told(m) for m in near if m.curve is curve and m.iteration == iteration]
            if told:
                lines.append((f"{curve.name}: " if len(self.curves) > 1 else "") + ", ".join(told))
        return lines

    def _loss_told(self, bins: Bins, iteration: int) -> list[str]:
        column = int(np.searchsorted(bins.iterations, iteration))
        if column == len(bins.iterations):
            return []
        loss = bins.smoothed(self.smoothing)[column]
        return ["loss not finite" if math.isnan(loss) else f"loss {loss:.4g}"]

    def _score_told(self, mark: Score) -> str:
        return f"{self.score_name} {mark.value:.4g}" + (" (best)" if mark.is_best else "")

    def _score_at(self, place: QPointF) -> Score | None:
        near = [mark for mark in self.marks() if _distance(mark.place, place) < REACH]
        return min(near, key=lambda mark: _distance(mark.place, place), default=None)

    def _layout(self) -> Layout:
        curves, line = self.curves.values(), self.fontMetrics().height()
        side = self.fontMetrics().horizontalAdvance("0.0000") + GAP
        has_scores = any(len(curve.scores) for curve in curves)
        margins = (side, line * (1.7 + self._legend_rows) + GAP, -side if has_scores else -line, -2.3 * line)
        area = QRectF(self.rect()).adjusted(*margins)
        last = max((curve.last_iteration for curve in curves), default=0) or 1
        losses = [self._bins(curve, area).shown for curve in curves]
        return Layout(
            area=area,
            iterations=Axis(0, last, area.left(), area.right() - 2 * RADIUS),
            losses=Axis.around(losses, area.bottom(), area.top(), self.logarithmic),
            scores=Axis.around([curve.scores for curve in curves], area.bottom(), area.top()),
        )

    def _bins(self, curve: Curve, area: QRectF) -> Bins:
        """Reduced once for each change of curve or width, not each time the mouse moves."""
        columns = max(1, int(area.width()))
        kept = self._reduced.get(curve.name)
        if kept is None or kept[0] is not curve or kept[1] != columns:
            kept = (curve, columns, Bins.of(curve.iterations, curve.losses, columns))
            self._reduced[curve.name] = kept
        return kept[2]

    @property
    def _legend_rows(self) -> int:
        return math.ceil(len(self.curves) / 2) if len(self.curves) > 1 else 0

    def _ink(self, strength: int) -> QColor:
        """The theme's color of text, from 0, not to be seen, to 255."""
        color = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        color.setAlpha(strength)
        return color

    def _draw_axes(self, painter: QPainter, layout: Layout) -> None:
        area, line = layout.area, self.fontMetrics().height()
        head = QRectF(self.rect()).adjusted(2 * GAP, GAP, -2 * GAP, 0)
        painter.setPen(self._ink(210))
        painter.drawText(head, LEFT, "loss \u2014")
        painter.drawText(
            QRectF(area.left(), area.bottom() + line, area.width(), line * 1.3), CENTER, "iteration"
        )
        for value, x in layout.iterations.ticks(int(area.width() / LABEL)):
            if not value.is_integer():
                continue
            place = QRectF(x - LABEL / 2, area.bottom() + 2, LABEL, line)
            painter.drawText(place, CENTER, _short(value))
        most = max(1, min(TICKS, int(area.height() / line)))  # none is written over another
        for value, y in layout.losses.ticks(most):
            painter.drawText(QRectF(0, y - line, area.left() - GAP, 2 * line), RIGHT | MIDDLE, f"{value:.4g}")
        if any(len(curve.scores) for curve in self.curves.values()):
            painter.drawText(head, RIGHT, f"{self.score_name} \u25cb")
            for value, y in layout.scores.ticks(most):
                place = QRectF(area.right() + GAP, y - line, self.width(), 2 * line)
                painter.drawText(place, LEFT | MIDDLE, f"{value:.4g}")
        painter.setPen(self._ink(50))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        for _, y in layout.losses.ticks(most):
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _draw_legend(self, painter: QPainter, layout: Layout) -> None:
        if len(self.curves) < 2:
            return
        line, half = self.fontMetrics().height(), layout.area.width() / 2
        for number, (name, color) in enumerate(zip(self.curves, cycle(COLORS), strict=False)):
            x, y = layout.area.left() + number % 2 * half, GAP + line * (1.3 + number // 2)
            painter.setPen(QPen(QColor(color), 2))
            painter.drawLine(QPointF(x, y + line / 2), QPointF(x + 14, y + line / 2))
            painter.setPen(self._ink(210))
            text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(half - 24))
            painter.drawText(QRectF(x + 18, y, half - 18, line), LEFT | MIDDLE, text)

    def _draw_losses(self, painter: QPainter, layout: Layout, bins: Bins, color: QColor) -> None:
        painter.setClipRect(layout.area)
        faint = QColor(color)
        faint.setAlpha(70)
        x, place = layout.iterations.place(bins.iterations), layout.losses.place
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        for low, high in zip(_parts(x, place(bins.low)), _parts(x, place(bins.high)), strict=True):
            painter.drawPolygon(QPolygonF([*low, *reversed(high)]))
        for values, pen in ((bins.mean, QPen(faint, 1)), (bins.smoothed(self.smoothing), QPen(color, 1.8))):
            painter.setPen(pen)
            for part in _parts(x, place(values)):
                painter.drawPolyline(QPolygonF(part))
        painter.setClipping(False)

    def _draw_scores(self, painter: QPainter, marks: list[Score], color: QColor) -> None:
        painter.setPen(QPen(color, 1, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF([mark.place for mark in marks]))
        painter.setPen(QPen(color, 1.5))
        for mark in marks:
            painter.setBrush(color if mark.is_best else self.palette().color(QPalette.ColorRole.Window))
            if mark.is_best:
                painter.drawPolygon(_star(mark.place, 2.4 * RADIUS))
            else:
                painter.drawEllipse(mark.place, RADIUS, RADIUS)
            if (mark.curve.name, mark.iteration) == self.chosen:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(mark.place, AROUND, AROUND)

    def _draw_mouse(self, painter: QPainter, layout: Layout, x: float) -> None:
        area, lines, metrics = layout.area, self.told_at(x), self.fontMetrics()
        painter.setPen(QPen(self._ink(120), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * GAP
        left = min(x + GAP, self.width() - width) if x < area.center().x() else max(0, x - GAP - width)
        box = QRectF(left, area.top(), width, metrics.height() * len(lines) + 2 * GAP)
        background = QColor(self.palette().color(QPalette.ColorRole.Window))
        background.setAlpha(230)
        painter.setBrush(background)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(self._ink(255))
        painter.drawText(box.adjusted(GAP, GAP, 0, 0), LEFT, "\n".join(lines))


def _parts(x: Numbers, y: Numbers) -> list[list[QPointF]]:
    """The points between those that are NaN."""
    known = np.isfinite(y)
    cuts = np.flatnonzero(np.diff(known)) + 1
    runs = zip(np.split(x, cuts), np.split(y, cuts), np.split(known, cuts), strict=True)
    return [
        [QPointF(*at) for at in zip(run_x.tolist(), run_y.tolist(), strict=True)]
        for run_x, run_y, run_known in runs
        if run_known.all() and len(run_known)
    ]


def _star(center: QPointF, radius: float) -> QPolygonF:
    corners = [
        (radius * (1 if corner % 2 == 0 else 0.45), math.pi * (corner / 5 - 0.5)) for corner in range(10)
    ]
    return QPolygonF([center + QPointF(r * math.cos(angle), r * math.sin(angle)) for r, angle in corners])


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())


def _short(iterations: float) -> str:
    """1500 gives "1.5k"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if iterations >= size:
            return f"{iterations / size:.4g}{letter}"
    return f"{iterations:.4g}"
