"""The results page as a person uses it: a table, curves, layers, sliders, two runs side by side."""

import math
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QPushButton, QWidget

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.results.parameters import chosen_parameters
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.training.train import train
from napari_dacapo.layers.layer import LayerData
from napari_dacapo.layers.pixels import Pixels
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.results import scored_runs
from napari_dacapo.widgets.results.results_page import ResultsPage
from napari_dacapo.widgets.results.score_table import DESCENDING, ScoreModel, ScoreTable
from napari_dacapo.widgets.results.scored_runs import ScoreRow, Scores, read_scores
from napari_dacapo.widgets.training.queued_work import Scored
from napari_dacapo.widgets.viewer.looking import look_at
from napari_dacapo.widgets.viewer.shown_layers import OURS, show
from napari_dacapo.widgets.work.newest import Newest

LONG = 60_000  # milliseconds; more than a busy machine takes


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs, each validated twice with two points of its grid, and one never trained."""
    root = tmp_path_factory.mktemp("trained") / "space"
    root.mkdir()
    workspace = Workspace(root)
    run = tiny.run(root)
    for name, each in (("first", run), ("second", run.replace(repetition=1)), ("third", run)):
        workspace.store.save(Run, name, each)
        if name != "third":
            for _ in train(each, RunFolder(workspace.run_folder(name), root), "cpu"):
                pass
    return root


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace(tmp_path / "space")


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def page(qtbot: QtBot, viewer: ViewerModel, workspace: Workspace) -> Iterator[ResultsPage]:
    page = ResultsPage(viewer, workspace)
    qtbot.addWidget(page)
    page.resize(500, 800)
    page.show()
    settle(qtbot, page)
    yield page
    settle(qtbot, page)


def settle(qtbot: QtBot, page: ResultsPage) -> None:
    qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)


def press(qtbot: QtBot, page: ResultsPage, button: QPushButton) -> None:
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)


def cell(page: ResultsPage, row: int) -> QPoint:
    return page.table.visualRect(page.table.scores.index(row, 0)).center()


def select(qtbot: QtBot, page: ResultsPage, row: int, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    page.table.scrollTo(page.table.scores.index(row, 0))
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, modifier, cell(page, row))
    settle(qtbot, page)


def place_of(page: ResultsPage, run: str, iteration: int, bias: float) -> int:
    rows = page.table.scores.rows
    return next(
        i
        for i, row in enumerate(rows)
        if (row.run, row.iteration, row.parameters["bias"]) == (run, iteration, bias)
    )


def texts(page: ResultsPage, column: int) -> list[str]:
    model = page.table.scores
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def labels_of(viewer: ViewerModel, word: str) -> Any:
    (found,) = [layer for layer in viewer.layers if word in layer.name]
    return found


def test_all_scores_of_all_runs_are_in_one_table(page: ResultsPage) -> None:
    model = page.table.scores
    columns = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]
    assert columns[:5] == ["run", "dataset", "iteration", "parameters", "voi_sum"]
    assert columns[4:] == [criterion.name for criterion in tiny.TASK.criteria()]
    assert sorted(zip(texts(page, 0), texts(page, 2), texts(page, 3), strict=True)) == sorted(
        (run, iteration, parameters)
        for run in ("first", "second")
        for iteration in ("3", "6")
        for parameters in ("bias 0.25", "bias 0.5")
    )


def test_the_best_of_each_run_by_each_score_is_marked_once(page: ResultsPage) -> None:
    model = page.table.scores
    for column, criterion in enumerate(tiny.TASK.criteria(), start=4):
        for run in ("first", "second"):
            own = [(i, row) for i, row in enumerate(model.rows) if row.run == run]
            bold = [i for i, _ in own if model.data(model.index(i, column), Qt.ItemDataRole.FontRole)]
            scores = [row.scores[criterion.name] for _, row in own]
            known = [score for score in scores if not math.isnan(score)]
            assert len(bold) == bool(known)
            if known:
                best = (max if criterion.higher_is_better else min)(known)
                assert model.rows[bold[0]].scores[criterion.name] == best


def test_a_click_on_a_header_sorts_by_it(qtbot: QtBot, page: ResultsPage) -> None:
    header = page.table.horizontalHeader()
    for _ in range(2):
        at = QPoint(header.sectionViewportPosition(0) + 5, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    first, second = ["first"] * 4, ["second"] * 4
    assert texts(page, 0) in ([*first, *second], [*second, *first])
    before = texts(page, 0)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert texts(page, 0) == before[::-1]


def test_typed_words_filter_the_rows(qtbot: QtBot, page: ResultsPage) -> None:
    qtbot.keyClicks(page.search, "0.25 second")
    qtbot.waitUntil(lambda: page.table.scores.rowCount() == 2, timeout=LONG)
    assert set(texts(page, 0)) == {"second"} and set(texts(page, 3)) == {"bias 0.25"}
    page.search.clear()
    qtbot.waitUntil(lambda: page.table.scores.rowCount() == 8, timeout=LONG)


def test_of_each_run_only_the_best_row_by_the_chosen_score_is_shown(qtbot: QtBot, page: ResultsPage) -> None:
    qtbot.mouseClick(page.only_best, Qt.MouseButton.LeftButton, pos=QPoint(8, page.only_best.height() // 2))
    for criterion in ("voi_sum", "adapted_rand"):
        page.criterion.setCurrentText(criterion)
        assert sorted(texts(page, 0)) == ["first", "second"]
        assert all(criterion in row.best for row in page.table.scores.rows)
    best = page.plot.curve("first").best
    (other,) = {3, 6} - {best}
    page.open(other, "first")  # a point of a curve that is not the best one
    settle(qtbot, page)
    assert not page.only_best.isChecked() and page.table.picked[0].iteration == other


def test_a_column_that_tells_nothing_is_hidden_and_a_long_one_leaves_room(qtbot: QtBot) -> None:
    table = ScoreTable()
    qtbot.addWidget(table)
    rows = many_rows(20)
    table.show_rows([replace(row, run="a long name of a run " * 3) for row in rows], ("voi_sum",))
    assert table.isColumnHidden(1) and not table.isColumnHidden(3)
    assert table.columnWidth(0) == 120
    table.show_rows([replace(row, told="", dataset=row.run) for row in rows], ("voi_sum",))
    assert not table.isColumnHidden(1) and table.isColumnHidden(3)


def test_only_checked_runs_are_in_table_and_curves(qtbot: QtBot, page: ResultsPage) -> None:
    assert [curve.name for curve in page.plot.curves] == ["first", "second"]
    page.runs.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert set(texts(page, 0)) == {"second"}
    assert [curve.name for curve in page.plot.curves] == ["second"]
    page.runs.item(0).setCheckState(Qt.CheckState.Checked)
    assert page.runs.checked == ("first", "second")


def test_curves_are_loss_and_the_chosen_score_of_the_best_parameters(page: ResultsPage) -> None:
    curve = page.plot.curve("first")
    assert curve.iterations.tolist() == [1, 2, 3, 4, 5, 6]
    assert curve.score_iterations.tolist() == [3, 6]
    rows = [row for row in page.table.scores.rows if row.run == "first"]
    for name, best in (("voi_sum", min), ("voi_split", min)):
        page.criterion.setCurrentText(name)
        expected = [best(row.scores[name] for row in rows if row.iteration == at) for at in (3, 6)]
        assert page.plot.curve("first").scores.tolist() == expected


def test_a_click_on_a_point_selects_its_row_and_opens_it_lazily(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    canvas = page.plot.canvas
    (mark,) = [m for m in canvas.marks() if (m.curve.name, m.iteration) == ("first", 6)]
    qtbot.keyClicks(page.search, "second")
    qtbot.waitUntil(lambda: page.table.scores.rowCount() == 4, timeout=LONG)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=mark.place.toPoint())
    settle(qtbot, page)
    (row,) = page.table.picked
    assert (row.run, row.iteration, row.scores["voi_sum"]) == ("first", 6, mark.value)
    names = [f"first check 6 {name}" for name in tiny.TASK.channel_names(3)]
    names = ["first check raw", *names, "first check 6 segmentation"]  # of several images, its own beneath
    assert [layer.name for layer in viewer.layers] == names
    assert all(isinstance(layer.data, Pixels) for layer in viewer.layers)


def test_a_double_click_opens_a_row_with_its_own_parameters(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel, workspace: Workspace
) -> None:
    row = place_of(page, "second", 6, 0.5)
    select(qtbot, page, row)
    qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=cell(page, row))
    settle(qtbot, page)
    expected = labels_of(viewer, "segmentation")
    found = np.asarray(expected.data)
    prediction = [np.asarray(layer.data) for layer in viewer.layers if "affinity" in layer.name]
    own = tiny.TASK.segment(np.stack(prediction).astype(np.float32), page.table.picked[0].parameters)
    assert np.array_equal(found, own)


def test_what_is_not_kept_cannot_be_opened_and_says_why(
    qtbot: QtBot, page: ResultsPage, workspace: Workspace
) -> None:
    shutil.rmtree(workspace.run_folder("first") / "validation" / f"{3:09d}")
    page.refresh()
    settle(qtbot, page)
    select(qtbot, page, place_of(page, "first", 3, 0.25))
    assert not page.prediction.isEnabled() and "not kept" in page.prediction.toolTip()
    assert not page.adjusting.use.isEnabled() and "not kept" in page.adjusting.said.text()
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    assert page.prediction.isEnabled() and page.adjusting.use.isEnabled()


def test_what_is_selected_stays_so_when_runs_are_read_anew(qtbot: QtBot, page: ResultsPage) -> None:
    select(qtbot, page, place_of(page, "second", 3, 0.5))
    before = page.table.picked
    page.table.sortByColumn(4, DESCENDING)
    page.refresh()
    settle(qtbot, page)
    assert page.table.picked == before


def test_runs_that_did_not_change_are_not_read_again(workspace: Workspace) -> None:
    before = read_scores(workspace, Scores())
    history = workspace.run_folder("second") / "history.jsonl"
    history.write_bytes(history.read_bytes() + b"\n")
    after = read_scores(workspace, before)
    assert [run.name for run in after.runs] == ["first", "second"]
    assert after.runs[0] is before.runs[0] and after.runs[1] is not before.runs[1]


def test_a_run_that_cannot_be_read_is_named_and_the_others_are_shown(
    qtbot: QtBot, page: ResultsPage, workspace: Workspace
) -> None:
    store = workspace.path / "store.json"
    text = store.read_text().replace('"repetition": 1', '"repetition": -1')
    store.write_text(text)
    page.refresh()
    settle(qtbot, page)
    assert page.said.text().startswith("second: ")
    assert set(texts(page, 0)) == {"first"}


def test_the_next_worst_object_is_in_the_middle_of_the_view(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    assert not page.worst.isEnabled() and "first" in page.worst.toolTip()
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.objects)
    layer = labels_of(viewer, "truth by IoU")
    table = layer.features.set_index("index")
    assert list(table) == ["IoU", "voxels", "split into", "merged with"]
    assert page.legend.isVisible() and "IoU 0.5" in page.legend.text()
    for ndisplay in (2, 3):
        viewer.dims.ndisplay = ndisplay
        press(qtbot, page, page.worst)
        words = page.said.text().replace(",", "").replace(":", "").split()
        seen = int(words[words.index("object") + 1])
        shown = viewer.scene.camera.center[-ndisplay:]
        point = (*viewer.dims.point[: 3 - ndisplay], *shown)
        assert layer.get_value(point, world=True) == seen
        assert f"IoU {table['IoU'][seen]:.2f}" in page.said.text()


def test_after_the_worst_objects_the_first_comes_again(qtbot: QtBot, page: ResultsPage) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.objects)
    press(qtbot, page, page.worst)
    first = page.said.text()
    assert first.startswith("1 of ")
    count = int(first.split()[2].rstrip(","))
    for _ in range(count):
        press(qtbot, page, page.worst)
    assert page.said.text() == first


def test_a_place_is_found_in_other_units_and_behind_other_axes() -> None:
    viewer = ViewerModel()
    image = np.zeros((3, 8, 8, 8), np.uint8)
    viewer.add_image(image, scale=(1, 0.01, 0.01, 0.01), units=("pixel", "um", "um", "um"))
    viewer.dims.set_point(0, 2)
    look_at(viewer, (20.0, 30.0, 50.0))
    assert viewer.dims.point == pytest.approx((2, 0.02, 0.03, 0.05))
    assert viewer.scene.camera.center[-2:] == pytest.approx((0.03, 0.05))


@pytest.mark.parametrize("is_opened", [True, False])
def test_the_image_lies_beneath_what_was_trained_from_files_that_nobody_opened(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch, is_opened: bool
) -> None:
    monkeypatch.setattr(scored_runs, "is_one_of_several", lambda run: False)
    if is_opened:
        viewer.add_image(np.zeros((20, 20, 20), np.uint8), name="mine")
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.prediction)
    press(qtbot, page, page.objects)
    names = [layer.name for layer in viewer.layers]
    assert names[0] == ("mine" if is_opened else "first check raw") and names.count("first check raw") < 2
    assert ("first check raw" in names) is not is_opened and viewer.layers[0].visible


def test_what_is_opened_is_brought_into_view_if_nothing_of_it_is_there(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    viewer.add_image(np.zeros((100, 100, 100), np.uint8), scale=(8.0,) * 3, units="nm")
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.prediction)
    begin, end = labels_of(viewer, "segmentation").extent.world
    viewer.dims.set_point(0, end[0] + 100)
    press(qtbot, page, page.objects)
    assert begin[0] < viewer.dims.point[0] < end[0]
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, -9000.0, 0.0), 1.0
    press(qtbot, page, page.prediction)
    assert begin[1] < viewer.scene.camera.center[1] < end[1]
    seen = float(begin[0] + 8), viewer.scene.camera.zoom
    viewer.dims.set_point(0, seen[0])
    press(qtbot, page, page.objects)  # a person goes on looking at the same place
    assert viewer.dims.point[0] == pytest.approx(seen[0]) and viewer.scene.camera.zoom == seen[1]


def test_scores_hide_the_segmentation_below_them_and_the_other_way_round(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.prediction)
    press(qtbot, page, page.objects)
    segmentation, truth = labels_of(viewer, "segmentation"), labels_of(viewer, "truth by IoU")
    prediction = next(layer for layer in viewer.layers if layer.metadata[OURS].startswith("prediction/"))
    assert (segmentation.visible, prediction.visible, truth.visible) == (False, False, True)
    newest = viewer.add_labels(np.ones((4, 4), np.uint8), metadata={OURS: "newest/second/1"})
    patch = viewer.add_image(np.ones((4, 4), np.uint8), metadata={OURS: "snapshot/second/0"})
    other = viewer.add_image(np.ones((4, 4), np.uint8), metadata={OURS: "image/other raw/0"})
    press(qtbot, page, page.prediction)
    assert (segmentation.visible, prediction.visible, truth.visible) == (True, True, False)
    assert not newest.visible and not patch.visible and not other.visible
    assert viewer.layers["first check raw"].visible  # beneath: of several images each has its own


def test_labels_shown_anew_take_their_table_and_colours_along(viewer: ViewerModel) -> None:
    def made(iou: float, colour: str) -> LayerData:
        table = {"index": [1], "IoU": [iou]}
        placed = {"scale": (1, 1), "translate": (0, 0), "units": ("pixel", "pixel")}
        properties = {"name": "truth", "features": table, "colormap": {None: "black", 1: colour}, **placed}
        return np.ones((2, 2), np.uint8), properties, "labels"

    show(viewer, "scores", [made(0.2, "red")])
    (layer,) = viewer.layers
    show(viewer, "scores", [made(0.9, "blue")])
    assert list(viewer.layers) == [layer]
    assert layer.features["IoU"].tolist() == [0.9]
    assert layer.get_color(1).tolist() == [0, 0, 1, 1]


def test_two_rows_are_compared_in_a_grid_and_left_again(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    viewer.add_image(np.zeros((4, 4, 4)), name="mine")
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    select(qtbot, page, place_of(page, "second", 6, 0.5), Qt.KeyboardModifier.ControlModifier)
    press(qtbot, page, page.compare)
    grid = viewer.canvas.grid
    assert grid.enabled
    cells = [grid.position(i, viewer.layers) for i, layer in enumerate(viewer.layers) if layer.visible]
    assert cells == [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0)]
    titles = [row.title.replace(" check", "") for row in page.table.picked]
    tops = [layer.name for layer in viewer.layers if layer.visible][1::2]
    assert tops == [
        f"{titles[0]} segmentation",
        f"{titles[1]} segmentation",
        f"difference of {titles[0]} and {titles[1]}",
    ]
    assert page.said.text().startswith("They differ in ") and "only in" in page.legend.text()
    assert not viewer.layers["mine"].visible
    press(qtbot, page, page.compare)
    assert [layer.name for layer in viewer.layers] == ["mine"] and viewer.layers["mine"].visible
    assert not grid.enabled and grid.stride == 1
    assert page.compare.text() == "Compare side by side"


def test_two_parameters_of_one_validation_are_told_apart(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    select(qtbot, page, place_of(page, "first", 6, 0.5), Qt.KeyboardModifier.ControlModifier)
    press(qtbot, page, page.compare)
    names = {layer.name for layer in viewer.layers}
    assert {"first 6 (bias 0.25) segmentation", "first 6 (bias 0.5) segmentation"} < names
    press(qtbot, page, page.compare)


def test_of_two_checked_runs_the_best_are_compared(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    press(qtbot, page, page.compare)
    best = [page.plot.curve(name).best for name in ("first", "second")]
    assert viewer.layers[1].name == f"first {best[0]:,} segmentation"
    assert viewer.layers[3].name == f"second {best[1]:,} segmentation"
    press(qtbot, page, page.compare)


def test_what_cannot_be_compared_is_said(qtbot: QtBot, page: ResultsPage, workspace: Workspace) -> None:
    page.runs.check_only(["first"])
    assert not page.compare.isEnabled() and "two rows" in page.compare.toolTip()
    page.runs.check_only(["first", "second"])
    record = workspace.run_folder("second") / "run.json"
    record.write_text(record.read_text().replace("check-labels", "other-labels"))
    labels = np.ones((20, 20, 20), np.uint16)
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    tiny.write_ome_zarr(workspace.path / "other-labels.zarr", labels, **world)
    press(qtbot, page, page.compare)
    assert "the same name, but other labels" in page.said.text()
    assert not page.side_by_side.is_shown


def test_a_moved_slider_segments_anew_in_the_same_layer(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.prediction)
    layer = labels_of(viewer, "segmentation")
    page.tabs.setCurrentWidget(page.adjusting)
    sliders = page.adjusting.sliders.sliders
    assert {name: slider.value() for name, slider in sliders.items()} == page.table.picked[0].parameters
    for value in (0.3, 0.4, 0.5):
        sliders["bias"].setValue(value)
    qtbot.waitUntil(lambda: isinstance(layer.data, np.ndarray), timeout=LONG)
    settle(qtbot, page)
    other = page.table.scores.rows[place_of(page, "first", 6, 0.5)]
    assert f"voi_sum {other.scores['voi_sum']:.4f}" in page.adjusting.said.text()
    assert labels_of(viewer, "segmentation") is layer


def test_a_slider_draws_the_segmentation_anew_and_nothing_else(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    press(qtbot, page, page.prediction)
    told: list[str] = []
    for layer in viewer.layers:
        layer.events.visible.connect(lambda event, name=layer.name: told.append(name))
    page.adjusting.sliders.sliders["bias"].setValue(0.4)
    qtbot.waitUntil(lambda: isinstance(labels_of(viewer, "segmentation").data, np.ndarray), timeout=LONG)
    settle(qtbot, page)
    assert told == []  # napari draws what tells that it is visible


def test_the_prediction_of_a_row_puts_its_sliders_back(
    qtbot: QtBot, page: ResultsPage, viewer: ViewerModel
) -> None:
    place = place_of(page, "first", 6, 0.25)
    select(qtbot, page, place)
    told = page.adjusting.said.text()
    for name, value in (("bias", 0.9), ("min_size", 300)):
        page.adjusting.sliders.sliders[name].setValue(value)
    qtbot.mouseClick(page.prediction, Qt.MouseButton.LeftButton)  # while it is segmented, too
    settle(qtbot, page)
    assert page.adjusting.sliders.parameters == page.table.scores.rows[place].parameters
    assert page.adjusting.said.text() == told
    stored = page.table.scores.rows[place]
    assert not isinstance(labels_of(viewer, "segmentation").data, np.ndarray) or stored.segmented


def test_what_a_slider_tells_is_what_is_kept(qtbot: QtBot, page: ResultsPage, workspace: Workspace) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    page.adjusting.sliders.sliders["bias"].setValue(0.123456)  # where a mouse may let go of it
    settle(qtbot, page)
    press(qtbot, page, page.adjusting.use)
    kept = chosen_parameters(RunFolder(workspace.run_folder("first"), workspace.path))
    assert kept == {"bias": 0.12, "foreground": 0.2, "min_size": 20}


def test_a_slider_reaches_what_its_field_allows(qtbot: QtBot, page: ResultsPage) -> None:
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    bounds = {
        name: (slider.minimum(), slider.maximum()) for name, slider in page.adjusting.sliders.sliders.items()
    }
    assert bounds == {"bias": (0.0, 1.0), "foreground": (0.0, 1.0), "min_size": (0, 1000)}


def test_parameters_are_kept_with_the_run_and_taken_back(
    qtbot: QtBot, page: ResultsPage, workspace: Workspace
) -> None:
    folder = RunFolder(workspace.run_folder("first"), workspace.path)
    select(qtbot, page, place_of(page, "first", 6, 0.25))
    page.tabs.setCurrentWidget(page.adjusting)
    assert page.adjusting.applied.text() == "first is applied with the best of its validation."
    page.adjusting.sliders.sliders["min_size"].setValue(31)
    settle(qtbot, page)
    press(qtbot, page, page.adjusting.use)
    assert chosen_parameters(folder) == {"bias": 0.25, "foreground": 0.2, "min_size": 31}
    assert page.adjusting.applied.text() == "first is applied with bias 0.25, foreground 0.2, min size 31."
    press(qtbot, page, page.adjusting.use_best)
    assert chosen_parameters(folder) is None


def test_of_many_wishes_the_first_and_the_last_are_done(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    newest = Newest(page)
    begun, may_end, done = [], threading.Event(), []

    def work(number: int) -> int:
        begun.append(number)
        may_end.wait(LONG / 1000)
        return number

    newest.wish(work, 1, then=done.append)
    qtbot.waitUntil(lambda: begun == [1], timeout=LONG)
    for number in (2, 3, 4):
        newest.wish(work, number, then=done.append)
    qtbot.wait(200)
    assert begun == [1]  # at most one at once
    may_end.set()
    qtbot.waitUntil(lambda: done == [1, 4], timeout=LONG)
    qtbot.waitUntil(lambda: not newest.is_busy, timeout=LONG)


def test_a_wish_that_fails_is_told_and_the_next_is_done(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    newest = Newest(page)
    failures, done = [], []
    newest.failed.connect(failures.append)

    def fail() -> None:
        newest_begun.set()
        may_fail.wait(LONG / 1000)
        raise UserInputError("bias", 2, "too much")

    newest_begun, may_fail = threading.Event(), threading.Event()
    newest.wish(fail, then=done.append)
    qtbot.waitUntil(newest_begun.is_set, timeout=LONG)
    newest.wish(lambda: 7, then=done.append)
    may_fail.set()
    qtbot.waitUntil(lambda: done == [7] and len(failures) == 1, timeout=LONG)
    qtbot.waitUntil(lambda: not newest.is_busy, timeout=LONG)


def many_rows(count: int) -> list[ScoreRow]:
    rng = np.random.default_rng(0)
    return [
        ScoreRow(
            run=f"run {number % 40}",
            dataset="crop",
            iteration=number,
            parameters={"bias": number / count, "min_size": 20},
            told=f"bias {number / count:g}",
            scores={"voi_sum": math.nan if number % 7 == 0 else float(rng.random())},
            best=frozenset(),
            kept=True,
            segmented=False,
        )
        for number in range(count)
    ]


def test_what_has_no_score_comes_last_either_way(qtbot: QtBot) -> None:
    model = ScoreModel()
    model.show(many_rows(20), ("voi_sum",))
    for order in (Qt.SortOrder.AscendingOrder, DESCENDING):
        model.sort(4, order)
        scores = [row.scores["voi_sum"] for row in model.rows]
        assert [math.isnan(score) for score in scores] == [False] * 17 + [True] * 3
        assert scores[:17] == sorted(scores[:17], reverse=order == DESCENDING)


def test_ten_thousand_rows_are_shown_sorted_and_filtered_at_once(qtbot: QtBot) -> None:
    rows = many_rows(10_000)
    table = ScoreTable()
    qtbot.addWidget(table)
    table.show()
    actions = {
        "show": lambda: table.show_rows(rows, ("voi_sum",)),
        "sort": lambda: table.sortByColumn(4, DESCENDING),
        "filter": lambda: table.scores.find("run 9999"),
        "draw": table.grab,
    }
    took = {}
    for name, act in actions.items():
        began = time.thread_time()
        act()
        took[name] = time.thread_time() - began
    assert max(took.values()) < 0.25, took
    assert [row.iteration for row in table.scores.rows] == [9999]


def test_scores_come_in_while_a_training_goes_on(
    qtbot: QtBot, page: ResultsPage, workspace: Workspace
) -> None:
    run = workspace.store.read(Run, "third")
    for _ in train(run, RunFolder(workspace.run_folder("third"), workspace.path), "cpu"):
        pass
    page.follow("third", [])
    settle(qtbot, page)
    assert page.runs.checked == ("first", "second")
    page.follow("third", [Scored(6, "voi_sum", 1.0, True)])
    settle(qtbot, page)
    assert page.runs.checked == ("first", "second", "third")
    assert page.table.scores.rowCount() == 12
