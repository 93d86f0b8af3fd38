"""The page of the scores: every validation of every run, their curves, and predictions as layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.object_scores import WorstObject
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.parts.checked_names import CheckedNames
from napari_dacapo.widgets.plots.canvas import COLORS
from napari_dacapo.widgets.plots.plot import TrainingPlot
from napari_dacapo.widgets.results import scored_runs
from napari_dacapo.widgets.results.adjusting import Adjusting
from napari_dacapo.widgets.results.legend import Legend
from napari_dacapo.widgets.results.score_table import ScoreTable
from napari_dacapo.widgets.results.scored_runs import (
    Compared,
    Resegmented,
    ScoredRun,
    ScoreRow,
    Scores,
    Shown,
)
from napari_dacapo.widgets.training.queued_work import FollowedStep, Scored
from napari_dacapo.widgets.viewer.looking import bring_into_view, look_at
from napari_dacapo.widgets.viewer.showing import Showing
from napari_dacapo.widgets.viewer.shown_layers import OURS, is_a_persons_image, let_be_seen, show, shown
from napari_dacapo.widgets.viewer.side_by_side import SideBySide
from napari_dacapo.widgets.work.background import Background
from napari_dacapo.widgets.work.newest import Newest

if TYPE_CHECKING:
    from napari.components import ViewerModel

ROWS_OF_RUNS = 4  # seen at once
SEARCH_AFTER = 150  # milliseconds without a key
NOT_KEPT = "Its prediction is not kept: that of the last validation is, and those of the best ones."
COMPARE = "Compare side by side"
NO_OBJECTS = "There are no objects to go to: what is shown are classes, or nothing was labelled."
IMAGE = "image"  # what the image of a row is known by
COVERED = ("segmentation/", "scores/", "newest/", "snapshot/")  # by what a row shows


class ResultsPage(QWidget):
    """A row for each score of each run; a double click, or one into the curves, opens what was predicted."""

    def __init__(self, viewer: ViewerModel, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._workspace = workspace
        self._scores = Scores()
        self._worst: tuple[WorstObject, ...] = ()
        self._no_worst = "Show scores as layers first."
        self._looked_at = -1
        self.background = Background(self)
        self._reading = Newest(self)
        self._showing = Showing(viewer, self)
        self.side_by_side = SideBySide(viewer)
        self.runs = CheckedNames("runs")
        self.search = QLineEdit()
        self.criterion = QComboBox()
        self.only_best = QCheckBox("only the best")
        self.table = ScoreTable()
        self.plot = TrainingPlot()
        self.adjusting = Adjusting(workspace)
        self.tabs = QTabWidget()
        self.prediction = QPushButton("Show prediction")
        self.objects = QPushButton("Show scores as layers")
        self.worst = QPushButton("Next worst object")
        self.compare = QPushButton(COMPARE)
        self.legend = Legend()
        self.said = QLabel("Train a run to see its scores.")
        self.said.setWordWrap(True)
        self._search_soon = QTimer(self)
        self._search_soon.setSingleShot(True)
        self._search_soon.setInterval(SEARCH_AFTER)
        self._lay_out()
        self._connect()
        self.refresh()
        self._on_picked()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be shown."""
        works = (self.background, self._reading, self.adjusting, self._showing)
        return any(work.is_busy for work in works)

    def refresh(self) -> None:
        """Read anew what was validated."""
        self._reading.wish(scored_runs.read_scores, self._workspace, self._scores, then=self._show_all)

    def follow(self, name: str, steps: list[FollowedStep]) -> None:
        """Show what a training has validated, while this page is seen."""
        if self.isVisible() and any(isinstance(step, Scored) for step in steps):
            self.refresh()

    def open(self, iteration: int, name: str) -> None:
        """Select the row that a point of a curve stands for, and open it."""
        run = self._run(name)
        row = run.points.get(self.criterion.currentText(), {}).get(iteration) if run else None
        if row is None:
            return
        if row not in self.table.scores.rows:
            self.search.clear()
            self.only_best.setChecked(False)
            self._search()
        self.table.pick(row)
        self.show_prediction()

    def show_prediction(self) -> None:
        """Open prediction and segmentation of the selected row as layers, and put its sliders back."""
        self.adjusting.put_back()
        self._open(scored_runs.prediction_layers, self._add_prediction)

    def show_scores(self) -> None:
        """Open the truth coloured by how well it was found."""
        self._open(scored_runs.score_layers, self._add_scores)

    def go_to_next_worst(self) -> None:
        """Move the viewer to the worst object that was not looked at yet; after the last one to the first."""
        if self._worst:
            self._looked_at = (self._looked_at + 1) % len(self._worst)
            found = self._worst[self._looked_at]
            look_at(self._viewer, found.centre)
            self.said.setText(f"{self._looked_at + 1} of {len(self._worst)}, {found.sentence}.")

    def compare_or_leave(self) -> None:
        """Two segmentations and their difference in a grid, or back from there."""
        pair = self._pair
        if self.side_by_side.is_shown:
            self.side_by_side.leave()
            self.legend.show_meanings({})
            self._on_picked()
        elif pair is not None:
            self.said.setText("Compares …")
            self.background.do(
                scored_runs.difference_layers, self._workspace, *pair, then=self._show_difference
            )

    def _lay_out(self) -> None:
        line = self.fontMetrics().height()
        self.runs.setMinimumHeight(2 * line)  # a low window shall hold the page
        self.runs.setMaximumHeight(ROWS_OF_RUNS * (line + 6))
        self.runs.setToolTip("The runs whose scores and curves are shown.")
        self.search.setPlaceholderText("find rows")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Only rows with all of these words: of run, dataset, iteration or parameters.")
        self.criterion.setToolTip(
            "The score whose curve is drawn, of the best parameters of each validation."
        )
        self.criterion.setAccessibleName("score")
        self.only_best.setToolTip("Of each run and dataset only the row that is best by the score above.")
        self.tabs.addTab(self.plot, "Curves")
        self.tabs.addTab(self.adjusting, "Post-processing")
        choices = QFormLayout()
        choices.addRow("find", self.search)
        choices.addRow("score", self.criterion)
        choices.addRow("rows", self.only_best)
        head = QHBoxLayout()
        head.addWidget(self.runs, 1)
        head.addLayout(choices, 1)
        body = QSplitter(Qt.Orientation.Vertical)
        body.addWidget(self.table)
        body.addWidget(self.tabs)
        body.setChildrenCollapsible(False)
        buttons = QGridLayout()
        for number, button in enumerate((self.prediction, self.objects, self.worst, self.compare)):
            buttons.addWidget(button, number // 2, number % 2)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(body, 1)
        column.addLayout(buttons)
        column.addWidget(self.legend)
        column.addWidget(self.said)

    def _connect(self) -> None:
        self.runs.changed.connect(self._show_chosen)
        self.search.textChanged.connect(lambda _: self._search_soon.start())
        self._search_soon.timeout.connect(self._search)
        self.criterion.currentTextChanged.connect(self._on_criterion)
        self.only_best.toggled.connect(self._show_best)
        self.table.picked_changed.connect(self._on_picked)
        self.table.doubleClicked.connect(lambda _: self.show_prediction())
        self.plot.picked.connect(self.open)
        self.adjusting.segmented.connect(self._show_adjusted)
        self.prediction.clicked.connect(self.show_prediction)
        self.objects.clicked.connect(self.show_scores)
        self.worst.clicked.connect(self.go_to_next_worst)
        self.compare.clicked.connect(self.compare_or_leave)
        for work in (self.background, self._reading):
            work.failed.connect(self._say_failure)

    def _show_all(self, scores: Scores) -> None:
        is_first = not self._scores.runs
        self._scores = scores
        self._offer_criteria()
        self.runs.show_names(scores.names)
        self._show_chosen()
        if scores.problems:
            self.said.setText(" ".join(scores.problems)[:600])
        elif is_first and scores.runs:
            self.said.setText("Best scores are green; a double click opens a prediction.")

    def _offer_criteria(self) -> None:
        shown, offered = self.criterion.currentText(), self._scores.criteria
        if tuple(self.criterion.itemText(i) for i in range(self.criterion.count())) != offered:
            self.criterion.blockSignals(True)
            self.criterion.clear()
            self.criterion.addItems(list(offered))
            self.criterion.setCurrentText(shown if shown in offered else "")
            self.criterion.blockSignals(False)

    @property
    def _chosen(self) -> tuple[ScoredRun, ...]:
        return self._scores.of(self.runs.checked)

    def _run(self, name: str) -> ScoredRun | None:
        return next((run for run in self._scores.runs if run.name == name), None)

    def _show_chosen(self) -> None:
        chosen = self._chosen
        criteria = dict.fromkeys(each.name for run in chosen for each in run.criteria)
        self.table.show_rows((row for run in chosen for row in run.rows), tuple(criteria))
        self._draw()

    def _search(self) -> None:
        self._search_soon.stop()
        self.table.scores.find(self.search.text())

    def _on_criterion(self) -> None:
        self._show_best()
        self._draw()

    def _show_best(self) -> None:
        self.table.scores.show_best(self.criterion.currentText() if self.only_best.isChecked() else "")

    def _draw(self) -> None:
        """As many runs as there are colours."""
        name = self.criterion.currentText()
        curves = [run.curves[name] for run in self._chosen if name in run.curves]
        self.plot.set_score_name(name)
        self.plot.set_curves(curves[: len(COLORS)])
        colored = zip((curve.name for curve in curves[: len(COLORS)]), cycle(COLORS), strict=False)
        self.runs.color(dict(colored))
        if len(curves) > len(COLORS):
            self.said.setText(
                f"The curves of the first {len(COLORS)} runs are drawn; check fewer to see others."
            )

    @property
    def _row(self) -> ScoreRow | None:
        picked = self.table.picked
        return picked[0] if len(picked) == 1 else None

    @property
    def _pair(self) -> tuple[ScoreRow, ScoreRow] | None:
        """Two rows that are selected, else the best rows of two runs that are chosen."""
        picked, chosen = self.table.picked, self._chosen
        if len(picked) == 2 and all(row.kept for row in picked):
            return picked[0], picked[1]
        if len(picked) == 2 or len(chosen) != 2:
            return None
        best = [_best_row(run, self.criterion.currentText()) for run in chosen]
        return (best[0], best[1]) if best[0] and best[1] else None

    def _on_picked(self) -> None:
        row = self._row
        reason = "Select one row." if row is None else "" if row.kept else NOT_KEPT
        self._allow(self.prediction, reason, "Add prediction and segmentation of the row as layers.")
        told = "Add the truth coloured by IoU, split and merged objects, or the errors of each class."
        self._allow(self.objects, reason, told)
        told = "Move the view to the object of which most was missed, then to the next one."
        self._allow(self.worst, "" if self._worst else self._no_worst, told)
        self.compare.setText("Leave side by side" if self.side_by_side.is_shown else COMPARE)
        pairless = "Select two rows (Ctrl) of one dataset, or check two runs to compare their best."
        possible = self.side_by_side.is_shown or self._pair is not None
        told = "Both segmentations and where they differ, in a grid."
        self._allow(self.compare, "" if possible else pairless, told)
        self.adjusting.show_row(self._run(row.run) if row else None, row)
        if row is not None:
            self.plot.choose(row.run, row.iteration)

    def _allow(self, button: QPushButton, reason: str, does: str) -> None:
        button.setEnabled(not reason)
        button.setToolTip(reason or does)

    def _open(self, work: scored_runs.LayersOf, then: Callable[[Shown], None]) -> None:
        row = self._row
        if row is not None and row.kept:
            self.said.setText("Opens …")
            self.background.do(work, self._workspace, row, then=then)
        elif row is not None:
            self.said.setText(NOT_KEPT)

    def _add_prediction(self, shown: Shown) -> None:
        """The segmentation apart from the rest: sliders change it."""
        self._show_beneath(shown)
        then = partial(self._on_prediction_shown, shown.title)
        last = partial(self._showing.show, f"segmentation/{shown.title}", shown.layers[-1:], then)
        self._showing.show(f"prediction/{shown.title}", shown.layers[:-1], last)

    def _add_scores(self, shown: Shown) -> None:
        self._show_beneath(shown)
        then = partial(self._on_scores_shown, shown.title)
        self._showing.show(f"scores/{shown.title}", shown.layers, then)
        self.legend.show_meanings(shown.legend)
        self._worst, self._looked_at = shown.worst, -1
        self._no_worst = NO_OBJECTS
        self._on_picked()

    def _show_beneath(self, shown: Shown) -> None:
        """The image of the row alone: those of other datasets may lie at its place. Nothing where there are
        none and a person has opened the image.
        """
        is_wanted = shown.is_one_of_several or not any(map(is_a_persons_image, self._viewer.layers))
        beneath = shown.beneath if is_wanted else []
        name = beneath[0][1]["name"] if beneath else ""
        self._showing.show(f"{IMAGE}/{name}", beneath, partial(self._uncover_image, name))

    def _uncover_image(self, name: str) -> None:
        for layer in self._viewer.layers:
            if (mark := layer.metadata.get(OURS, "")).startswith(f"{IMAGE}/"):
                let_be_seen(layer, mark == f"{IMAGE}/{name}/0")

    def _on_prediction_shown(self, title: str) -> None:
        self._uncover("segmentation", title)
        for layer in shown(self._viewer, f"prediction/{title}")[:1]:
            let_be_seen(layer, True)  # scores may have covered it
        self._look_at("segmentation", title)
        self.said.setText(f"{title} is shown.")

    def _on_scores_shown(self, title: str) -> None:
        self._uncover("scores", title)
        self._look_at("scores", title)
        self.said.setText(f"The scores of {title} are shown.")

    def _show_adjusted(self, row: ScoreRow, made: Resegmented) -> None:
        """In the layer of the row's segmentation."""
        show(self._viewer, f"segmentation/{row.title}", [made.layer])
        self._uncover("segmentation", row.title)

    def _uncover(self, kind: str, title: str) -> None:
        """Results over each other mix their colours: of all labels only the first of these are seen, no
        prediction but their own, below scores none, and nothing of a training.
        """
        if kind == "segmentation":
            self.legend.show_meanings({})
        own = f"prediction/{title}/" if kind == "segmentation" else ()
        for layer in self._viewer.layers:
            mark = layer.metadata.get(OURS, "")
            if mark.startswith(COVERED):
                let_be_seen(layer, mark == f"{kind}/{title}/0")
            elif mark.startswith("prediction/") and not mark.startswith(own):
                let_be_seen(layer, False)

    def _look_at(self, kind: str, title: str) -> None:
        """A person who asks for it wants to see it."""
        if layers := shown(self._viewer, f"{kind}/{title}"):  # they may be gone by now
            bring_into_view(self._viewer, layers)

    def _show_difference(self, compared: Compared) -> None:
        self.side_by_side.show(compared.layers)
        self.legend.show_meanings(compared.legend)
        self.said.setText(compared.sentence)
        self._on_picked()

    def _say_failure(self, error: DacapoError) -> None:
        self.said.setText(str(error))


def _best_row(run: ScoredRun, criterion: str) -> ScoreRow | None:
    curve = run.curves.get(criterion)
    if curve is None or curve.best is None:
        return None
    row = run.points[criterion][curve.best]
    return row if row.kept else None
