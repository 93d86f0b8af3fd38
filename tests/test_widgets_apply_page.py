"""A trained run applied to layers and files, by clicks."""

import math
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import zarr
from napari import Viewer
from napari.layers import Image, Labels
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLineEdit

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.experiments.applying import apply as applying
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.estimate import Pace
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Predicted
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import applied_work
from napari_dacapo.widgets.applying.apply_page import ApplyPage
from napari_dacapo.widgets.applying.applying import Progress
from napari_dacapo.widgets.applying.chosen_image import DRAWN, SEEN
from napari_dacapo.widgets.applying.chosen_source import FILE
from napari_dacapo.widgets.viewer.shown_layers import OURS

LONG = 60_000  # milliseconds; more than a busy machine takes
RAW, _ = tiny.cells((20, 24, 28), seed=5)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run that was trained for three iterations, and one that was not."""
    workspace = Workspace(tmp_path_factory.mktemp("template") / "space")
    run = tiny.run(workspace.path, iterations=3)
    for name in ("trained", "untrained"):
        workspace.store.save(Run, name, run)
    for _ in train(run, RunFolder(workspace.run_folder("trained"), workspace.path), "cpu"):
        pass
    return workspace.path


@pytest.fixture
def workspace(tmp_path: Path, template: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace(tmp_path / "space")


@pytest.fixture
def viewer(make_napari_viewer: Callable[[], Viewer]) -> Viewer:
    """Voxels of 16 x 8 x 8 nm, written in micrometres, somewhere in the world."""
    viewer = make_napari_viewer()
    place: dict[str, Any] = {"scale": (0.016, 0.008, 0.008), "translate": (0.1, 0.2, 0.3)}
    viewer.add_image(RAW, name="cells", units="um", axis_labels="zyx", **place)
    return viewer


@pytest.fixture
def page(qtbot: QtBot, viewer: Viewer, workspace: Workspace) -> Iterator[ApplyPage]:
    page = ApplyPage(viewer, workspace)
    viewer.window.add_dock_widget(page, name="Apply")
    qtbot.waitUntil(page.segment.isEnabled, timeout=LONG)
    yield page
    page.applying.shutdown(LONG / 1000)
    qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)
    page.close_choices()


def click(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def segment(qtbot: QtBot, page: ApplyPage) -> None:
    before = page.applying.progress
    click(qtbot, page.segment)
    qtbot.waitUntil(
        lambda: page.applying.progress is not before and not page.applying.progress.is_active, timeout=LONG
    )
    qtbot.waitUntil(lambda: not page.showing.is_busy, timeout=LONG)


def show_file(page: ApplyPage, **fields: Any) -> None:
    page.image.source.setCurrentIndex(FILE)
    page.image.file.value = File(**fields)
    page.image.file.changed.emit()


def voxels(path: Path) -> np.ndarray:
    return zarr.open_array(str(path / "0"), mode="r")[:]


def test_only_trained_runs_are_offered_with_their_weights(page: ApplyPage) -> None:
    assert [page.run.runs.itemText(i) for i in range(page.run.runs.count())] == ["trained"]
    titles = [page.run.weights.itemText(i) for i in range(page.run.weights.count())]
    assert titles[0].startswith("the best by voi_sum, of iteration 3 (")
    assert titles[-2:] == ["of iteration 3", "of iteration 2"]
    assert "the last, of iteration 3" in titles


def test_an_image_that_is_opened_later_is_chosen_where_none_is(page: ApplyPage, viewer: Viewer) -> None:
    viewer.layers.clear()
    assert page.image.title == ""
    viewer.add_image(RAW, name="ours", metadata={OURS: "prediction/run/0"})
    assert page.image.title == ""
    for name in ("first", "second"):
        viewer.add_image(RAW, name=name)
    assert page.image.title == "first"


def test_the_result_is_layers_right_over_the_image(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace
) -> None:
    segment(qtbot, page)
    output = workspace.path / "applied" / "trained cells"
    assert page.said.text().splitlines()[0].endswith(f"It lies in {output}.")
    segmentation = viewer.layers["cells segmentation"]
    assert isinstance(segmentation, Labels)
    assert segmentation.scale == pytest.approx((0.016, 0.008, 0.008))
    assert segmentation.translate == pytest.approx((0.1, 0.2, 0.3))
    assert segmentation.units == viewer.layers["cells"].units
    np.testing.assert_array_equal(segmentation.data, voxels(output / "segmentation.zarr"))
    shown = [layer.name for layer in viewer.layers if isinstance(layer, Image) and layer.visible]
    assert shown == ["cells", "cells prediction"]


def test_the_layer_is_segmented_as_the_file_is(
    qtbot: QtBot, page: ApplyPage, workspace: Workspace, tmp_path: Path
) -> None:
    place: dict[str, Any] = {"voxel_size": (16.0, 8.0, 8.0), "offset": (92.0, 196.0, 296.0), "unit": "nm"}
    write_ome_zarr(tmp_path / "cells.zarr", RAW, axes="zyx", **place)
    segment(qtbot, page)
    show_file(page, path=str(tmp_path / "cells.zarr"))
    qtbot.waitUntil(lambda: page.output.line.text().endswith("cells 2"), timeout=LONG)
    segment(qtbot, page)
    one, other = (workspace.path / "applied" / name for name in ("trained cells", "trained cells 2"))
    np.testing.assert_array_equal(voxels(one / "prediction.zarr"), voxels(other / "prediction.zarr"))
    offsets = [File(path=str(each / "segmentation.zarr")).open().offset for each in (one, other)]
    assert offsets[0] == pytest.approx(offsets[1])


def test_the_weights_that_were_chosen_are_taken(
    qtbot: QtBot, page: ApplyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run.weights.setCurrentText("of iteration 2")
    segment(qtbot, page)
    assert page.said.text().startswith("Segmented by iteration 2 with bias ")


def test_the_time_left_is_that_of_the_blocks_after_the_first() -> None:
    progress = Progress("running")
    assert math.isnan(progress.seconds_left(now=9.0))
    for done, now in ((11, 10.0), (12, 12.0), (13, 14.0)):  # ten were done by an earlier start
        progress = progress.after(Predicted(6, "cells", done, 15), now)
    assert progress.seconds_left(now=14.0) == 4.0  # two blocks took four seconds, two are left
    assert progress.rested(100.0).seconds_left(now=114.0) == 4.0


def test_what_is_seen_alone_is_one_slice(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    viewer.dims.set_point(0, 0.1 + 7 * 0.016)
    page.image.region.setCurrentIndex(SEEN)
    segment(qtbot, page)
    segmentation = viewer.layers["cells segmentation"]
    assert segmentation.data.shape == (1, 24, 28)
    assert segmentation.translate == pytest.approx((0.1 + 7 * 0.016, 0.2, 0.3))


def test_what_is_seen_after_zooming_is_a_part(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    shown = viewer.canvas.size  # pixels
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.1, 0.296, 0.404), min(shown) / 0.08
    page.image.region.setCurrentIndex(SEEN)
    segment(qtbot, page)
    height, width = viewer.layers["cells segmentation"].data.shape[1:]
    assert {min(height, width)} <= {9, 10} and (height, width) != (24, 28)  # 80 nm of 8 nm a voxel


class Halted:
    """Applying that stops after its first block until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

        def halted(*arguments: Any, **named: Any) -> Iterator[Any]:
            for step in apply(*arguments, **named):
                yield step
                if isinstance(step, Predicted) and not self.reached.is_set():
                    self.reached.set()
                    self.go_on.wait(LONG / 1000)

        monkeypatch.setattr(applying, "apply", halted)


@pytest.fixture
def halted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Halted]:
    found = Halted(monkeypatch)
    yield found
    found.go_on.set()


def test_what_is_stopped_is_gone_on_with(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace, halted: Halted
) -> None:
    click(qtbot, page.segment)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    qtbot.waitUntil(lambda: page.said.text().startswith("Predicts, block 1 of"), timeout=LONG)
    assert not page.segment.isEnabled() and "segments already" in page.segment.toolTip()
    click(qtbot, page.stop)
    assert page.said.text().startswith("Stops after this step …\nTrained on voxels of (8.0, 8.0, 8.0) nm")
    halted.go_on.set()
    qtbot.waitUntil(lambda: page.applying.progress.state == "stopped", timeout=LONG)
    assert page.said.text().startswith("Stopped; segmenting again goes on from here.")
    assert page.segment.isEnabled()
    segment(qtbot, page)
    assert [path.name for path in (workspace.path / "applied").iterdir()] == ["trained cells"]


def test_a_page_that_is_closed_ends_its_work(
    qtbot: QtBot, page: ApplyPage, workspace: Workspace, halted: Halted
) -> None:
    click(qtbot, page.segment)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    halted.go_on.set()
    page.applying.shutdown(LONG / 1000)
    assert page.applying.progress.state == "stopped"
    assert not (workspace.path / "applied" / "trained cells" / "segmentation.zarr").exists()


def test_earlier_results_are_replaced_only_after_asking(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace
) -> None:
    segment(qtbot, page)
    output = workspace.path / "applied" / "trained cells"
    qtbot.waitUntil(lambda: page.output.line.text().endswith("cells 2"), timeout=LONG)
    page.output.line.selectAll()
    qtbot.keyClicks(page.output.line, str(output))
    page.image.region.setCurrentIndex(SEEN)
    click(qtbot, page.segment)
    qtbot.waitUntil(lambda: not page.question.isHidden(), timeout=LONG)
    assert page.question.text.text().startswith("trained cells holds earlier results.")
    assert voxels(output / "segmentation.zarr").shape == (20, 24, 28)
    click(qtbot, page.question.yes)
    shown = lambda: {layer.name: layer.data.shape for layer in viewer.layers}  # noqa: E731
    qtbot.waitUntil(lambda: shown().get("cells segmentation") == (1, 24, 28), timeout=LONG)
    assert len([layer for layer in viewer.layers if "segmentation" in layer.name]) == 1


def test_a_folder_of_others_is_refused_in_one_sentence(qtbot: QtBot, page: ApplyPage, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.docx").write_text("years of work")
    page.output.line.selectAll()
    qtbot.keyClicks(page.output.line, str(tmp_path / "thesis"))
    click(qtbot, page.segment)
    qtbot.waitUntil(lambda: "something else is there" in page.said.text(), timeout=LONG)
    assert page.applying.progress.state == "idle"


def test_the_file_that_a_layer_came_from_is_not_written_over(
    qtbot: QtBot, viewer: Viewer, page: ApplyPage, tmp_path: Path
) -> None:
    np.save(tmp_path / "volume.npy", RAW)
    (layer,) = viewer.open(tmp_path / "volume.npy", plugin="napari")
    page.image.layer.choose(layer)
    page.output.line.selectAll()
    qtbot.keyClicks(page.output.line, str(tmp_path))
    click(qtbot, page.segment)
    qtbot.waitUntil(lambda: "the image volume.npy lies there" in page.said.text(), timeout=LONG)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda viewer: viewer.layers.clear(), "Choose an image layer, or a file."),
        (lambda viewer: setattr(viewer.layers[0], "rotate", 30), "rotated"),
        (lambda viewer: setattr(viewer.layers[0], "data", RAW[0]), "is 2D, the network was trained in 3D"),
    ],
)
def test_an_image_that_cannot_be_segmented_says_why(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, change: Callable[[Viewer], None], reason: str
) -> None:
    change(viewer)
    click(qtbot, page.segment)
    qtbot.waitUntil(lambda: reason in f"{page.said.text()} {page.segment.toolTip()}", timeout=LONG)


def test_a_file_that_is_not_there_is_told_in_one_sentence(qtbot: QtBot, page: ApplyPage) -> None:
    show_file(page, path="nowhere.tif")
    segment(qtbot, page)
    assert "nowhere.tif" in page.said.text() and len(page.said.text()) <= 300
    assert page.segment.isEnabled()


def test_without_a_trained_run_the_page_says_so(qtbot: QtBot, viewer: Viewer, tmp_path: Path) -> None:
    page = ApplyPage(viewer, Workspace(tmp_path / "empty"))
    viewer.window.add_dock_widget(page, name="Apply")
    qtbot.waitUntil(lambda: not page.background.is_busy, timeout=LONG)
    assert page.segment.toolTip() == "No run is trained yet: train one, or import a model on the page Runs."
    assert not (tmp_path / "empty").exists()
    page.close_choices()


def names(viewer: Viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


@pytest.fixture
def begun(qtbot: QtBot, page: ApplyPage, halted: Halted) -> ApplyPage:
    """One block is predicted, and nothing more for now."""
    click(qtbot, page.segment)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    qtbot.waitUntil(lambda: page.applying.progress.done == 1, timeout=LONG)
    return page


def ended(page: ApplyPage) -> bool:
    return not page.applying.progress.is_active and not page.showing.is_busy


def test_what_it_takes_is_told_before_it_begins(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    viewer.window._qt_window.show()
    text = page.estimate.text.text
    qtbot.waitUntil(lambda: "on cpu: about" in text(), timeout=LONG)
    first, second, *_ = text().splitlines()
    assert first.startswith("20 x 24 x 28 voxels, ")
    assert second.startswith("Disk: ") and " free. Memory: about " in second
    assert "Trained on voxels of (8.0, 8.0, 8.0) nm" in text()
    viewer.layers["cells"].data = RAW[0]
    page.image.changed.emit()
    qtbot.waitUntil(lambda: "is 2D, the network was trained in 3D" in text(), timeout=LONG)


def test_what_copying_takes_is_measured_where_an_image_is_copied(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = [Pace(1.0, 0.0), Pace(1.0, 0.0, copied=1.0)]
    monkeypatch.setattr(applied_work, "pace_of", lambda *_: paces.pop(0))
    viewer.window._qt_window.show()
    told = []
    for name, chunks in (("tiles", (20, 64, 64)), ("planes", (1, 600, 600)), ("tiles", (20, 64, 64))):
        path = tmp_path / name
        if not path.exists():
            zarr.create_array(str(path), shape=(20, 600, 600), dtype="u1", chunks=chunks)[:] = 1
        page.estimate.say("")
        show_file(page, path=str(path), axes="zyx", voxel_size=(8.0,) * 3, unit="nm")
        qtbot.waitUntil(lambda: "on cpu: about" in page.estimate.text.text(), timeout=LONG)
        told.append(page.estimate.text.text().splitlines()[0])
    assert told[0] == told[2] != told[1] and not paces


def test_the_prediction_is_seen_while_it_grows(qtbot: QtBot, begun: ApplyPage, viewer: Viewer) -> None:
    qtbot.waitUntil(lambda: "cells prediction" in names(viewer), timeout=LONG)
    layer = viewer.layers["cells prediction"]
    qtbot.waitUntil(lambda: bool(np.asarray(layer.data).any()), timeout=LONG)
    assert begun.applying.progress.is_active and not np.asarray(layer.data).all()
    assert layer.scale == pytest.approx((1.0, 0.016, 0.008, 0.008))
    assert layer.axis_labels == ("c", "z", "y", "x") and layer.data.shape[0] == 4  # one slider for all


def test_a_pause_rests_until_it_is_told_to_go_on(qtbot: QtBot, begun: ApplyPage, halted: Halted) -> None:
    click(qtbot, begun.pause)
    assert begun.pause.text() == "Go on" and begun.said.text().splitlines()[0].endswith("Paused.")
    halted.go_on.set()
    qtbot.waitUntil(
        lambda: "block 1 " not in begun.applying.progress.sentence, timeout=LONG
    )  # that was begun
    rested = begun.applying.progress
    qtbot.wait(300)
    assert begun.applying.progress == rested and rested.state == "paused"
    click(qtbot, begun.pause)
    qtbot.waitUntil(lambda: ended(begun), timeout=LONG)
    assert begun.applying.progress.state == "done"


def test_what_is_unfinished_is_gone_on_with_after_a_restart(
    qtbot: QtBot, begun: ApplyPage, halted: Halted, viewer: Viewer, workspace: Workspace
) -> None:
    halted.go_on.set()
    begun.applying.shutdown(LONG / 1000)
    layer = viewer.layers.pop(0)
    page = ApplyPage(viewer, workspace)
    viewer.window.add_dock_widget(page, name="Apply again")
    qtbot.waitUntil(lambda: not page.unfinished.isHidden(), timeout=LONG)
    button = page.unfinished.button
    assert button.text() == "Go on with trained cells"
    assert not button.isEnabled() and "open cells in the viewer first" in button.toolTip()
    viewer.add_layer(layer)
    assert button.isEnabled() and "blocks are predicted" in button.toolTip()
    click(qtbot, button)
    qtbot.waitUntil(lambda: page.applying.progress.is_active, timeout=LONG)
    qtbot.waitUntil(lambda: ended(page), timeout=LONG)
    assert page.applying.progress.state == "done", page.said.text()
    qtbot.waitUntil(page.unfinished.isHidden, timeout=LONG)
    assert [path.name for path in (workspace.path / "applied").iterdir()] == ["trained cells"]
    qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)
    page.close_choices()


def test_a_box_that_is_drawn_is_segmented(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    with qtbot.waitSignal(page.image.drawn_box.ready, timeout=LONG):
        page.image.region.setCurrentIndex(DRAWN)
    assert page.segment.toolTip().startswith("Press Draw and draw a rectangle")
    corners = [(0.1, 0.196 + y, 0.296 + x) for y, x in ((0, 0.08), (0, 0.16), (0.08, 0.16), (0.08, 0.08))]
    page.image.drawn_box.layer.add_rectangles([np.array(corners)])
    qtbot.waitUntil(page.segment.isEnabled, timeout=LONG)
    segment(qtbot, page)
    segmentation = viewer.layers["cells segmentation"]
    assert segmentation.data.shape == (20, 10, 10)  # of 8 nm, through all slices
    assert segmentation.translate == pytest.approx((0.1, 0.2, 0.38))


def test_axes_that_a_layer_does_not_tell_are_chosen(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    film = viewer.add_image(np.stack([RAW, RAW[::-1]]), name="film")
    page.image.layer.choose(film)
    click(qtbot, page.segment)
    qtbot.waitUntil(lambda: "nothing tells the axes of film" in page.said.text(), timeout=LONG)
    page.image.axes.letters.setCurrentText("tzyx")
    segment(qtbot, page)
    assert viewer.layers["film segmentation"].data.shape == (20, 24, 28)


TISSUE = np.zeros((10, 12, 14), np.uint8)  # voxels twice as long as those of the image
TISSUE[1:4, 2:10, 1:6] = 1
INSIDE = TISSUE.repeat(2, 0).repeat(2, 1).repeat(2, 2) > 0


def only_in_tissue(qtbot: QtBot, page: ApplyPage, viewer: Viewer) -> None:
    """A layer that is in memory alone is chosen as the mask."""
    place: dict[str, Any] = {"scale": (0.032, 0.016, 0.016), "translate": (0.108, 0.204, 0.304)}
    tissue = viewer.add_labels(TISSUE, name="tissue", units="um", axis_labels="zyx", **place)
    click(qtbot, page.more.toggleButton())
    page.more.only_where.source.setCurrentText("A layer of the viewer")
    assert page.segment.toolTip() == "Choose what says where: a layer or a file, or everywhere."
    page.more.only_where.layer.choose(tissue)
    assert page.segment.isEnabled()


def test_where_the_mask_is_0_nothing_is_made_and_the_estimate_says_so(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace
) -> None:
    viewer.window._qt_window.show()
    only_in_tissue(qtbot, page, viewer)
    page.more.form.findChild(QComboBox).setCurrentText("uint8")
    assert page.more.toggleButton().text() == "▾ More: only where tissue, uint8"
    qtbot.waitUntil(lambda: " outside of the mask, on cpu" in page.estimate.text.text(), timeout=LONG)
    segment(qtbot, page)
    output = workspace.path / "applied" / "trained cells"
    prediction, ids = voxels(output / "prediction.zarr"), voxels(output / "segmentation.zarr")
    assert prediction.dtype == np.uint8 and prediction[:, 16:].max() == 0 < prediction[:, :16].max()  # blocks
    assert ids[~INSIDE].max() == 0 and ids.max() > 0


def test_what_is_unfinished_is_gone_on_with_in_the_same_mask(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace, halted: Halted
) -> None:
    only_in_tissue(qtbot, page, viewer)
    click(qtbot, page.segment)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    halted.go_on.set()
    page.applying.shutdown(LONG / 1000)
    qtbot.waitUntil(lambda: not page.unfinished.isHidden(), timeout=LONG)
    page.more.only_where.source.setCurrentText("Everywhere")  # it goes on as it was begun
    tissue = viewer.layers["tissue"]
    viewer.layers.remove(tissue)
    button = page.unfinished.button
    assert button.toolTip() == "Its mask was a layer: open tissue in the viewer first."
    viewer.add_layer(tissue)
    click(qtbot, button)
    qtbot.waitUntil(lambda: page.applying.progress.is_active, timeout=LONG)
    qtbot.waitUntil(lambda: ended(page), timeout=LONG)
    assert page.applying.progress.state == "done", page.said.text()
    assert voxels(workspace.path / "applied" / "trained cells" / "segmentation.zarr")[~INSIDE].max() == 0


def test_a_function_of_ones_own_segments_and_is_gone_on_with(
    qtbot: QtBot, page: ApplyPage, workspace: Workspace, halted: Halted, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("def all(prediction, voxel_size): return prediction[0] >= 0")
    click(qtbot, page.more.toggleButton())
    segmenter = page.more.form.findChild(QLineEdit)
    segmenter.setFocus()
    qtbot.keyClicks(segmenter, f"{tmp_path}/mine.py:all")
    click(qtbot, page.segment)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    halted.go_on.set()
    page.applying.shutdown(LONG / 1000)
    qtbot.waitUntil(lambda: not page.unfinished.isHidden(), timeout=LONG)
    segmenter.clear()  # as after a restart: no code runs because a folder names it
    button = page.unfinished.button
    qtbot.waitUntil(lambda: not button.isEnabled(), timeout=LONG)
    assert button.toolTip().startswith("If you trust it, set Segmenter under More to ")
    qtbot.keyClicks(segmenter, f"{tmp_path}/mine.py:all")
    qtbot.waitUntil(button.isEnabled, timeout=LONG)
    click(qtbot, button)
    qtbot.waitUntil(lambda: page.applying.progress.is_active, timeout=LONG)
    qtbot.waitUntil(lambda: ended(page), timeout=LONG)
    assert page.applying.progress.state == "done", page.said.text()
    assert np.unique(voxels(workspace.path / "applied" / "trained cells" / "segmentation.zarr")).tolist() == [
        1
    ]


def test_what_is_only_predicted_is_segmented_later(
    qtbot: QtBot, page: ApplyPage, viewer: Viewer, workspace: Workspace
) -> None:
    click(qtbot, page.more.toggleButton())
    only_predict = page.more.form.findChild(QCheckBox)
    qtbot.keyClick(only_predict, Qt.Key.Key_Space)
    assert page.segment.text() == "Predict"
    segment(qtbot, page)
    output = workspace.path / "applied" / "trained cells"
    assert page.said.text().startswith(f"Predicted by iteration 3, not segmented. It lies in {output}.")
    assert "cells prediction" in names(viewer) and "cells segmentation" not in names(viewer)
    button = page.unfinished.button
    qtbot.waitUntil(lambda: "switch Only predict off" in button.toolTip(), timeout=LONG)
    qtbot.keyClick(only_predict, Qt.Key.Key_Space)
    click(qtbot, button)
    assert page.said.text() == "8 of 8 blocks are predicted already; goes on …"
    qtbot.waitUntil(lambda: "cells segmentation" in names(viewer), timeout=LONG)
    qtbot.waitUntil(lambda: ended(page), timeout=LONG)
    assert (output / "segmentation.zarr").exists()
