"""A segmentation is corrected by hand, and its run trained further on what was corrected, by clicks."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny
from napari.layers import Labels
from qtpy.QtCore import Qt

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.errors import DiskFullError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.training.train import train
from napari_dacapo.layers.saving import place_of
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import corrected as correcting
from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.run_options import RunOptions
from napari_dacapo.widgets.viewer.shown_layers import OURS

LONG = 60_000  # milliseconds; more than a busy machine takes
RAW, LABELS = tiny.cells((40, 40, 40), seed=0)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run of one dataset, of which a slab validates."""
    workspace = Workspace(tmp_path_factory.mktemp("template") / "space")
    dataset = tiny.dataset(workspace.path, "cells", (40, 40, 40), seed=0)
    normalization = FixedRange(low=0.0, high=255.0)
    split = HeldOutSlab(dataset=dataset, normalization=normalization)
    run = tiny.run(tmp_path_factory.mktemp("other"), datasplit=split, iterations=3)
    workspace.store.save(Run, "first", run)
    for _ in train(run, RunFolder(workspace.run_folder("first"), workspace.path), "cpu"):
        pass
    return workspace.path


@pytest.fixture
def workspace(tmp_path: Path, template: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace(tmp_path / "space")


@pytest.fixture
def dock(make_napari_viewer: Callable, qtbot, workspace: Workspace) -> Iterator[DaCapo]:
    """With the image and a segmentation of it, and the page Apply open."""
    viewer = make_napari_viewer()
    place = {"scale": (8, 8, 8), "translate": (4, 4, 4), "units": "nm", "axis_labels": "zyx"}
    viewer.open(workspace.path / "cells-raw.zarr", plugin="napari-dacapo")
    viewer.layers[0].name = "cells"
    viewer.add_labels(LABELS, name="cells segmentation", **place)
    viewer.dims.set_point(0, 4 + 10 * 8)
    dock = DaCapo(viewer, workspace)
    viewer.window.add_dock_widget(dock, name="DaCapo")
    dock.tabs.setCurrentWidget(dock.apply)
    qtbot.waitUntil(dock.apply.correct.correct.isEnabled, timeout=LONG)
    yield dock
    dock.queue.shutdown()
    pages = (dock, dock.runs, dock.results, dock.apply, *dock.components.values())
    qtbot.waitUntil(lambda: not any(page.background.is_busy for page in pages), timeout=LONG)
    qtbot.waitUntil(
        lambda: not any(each.is_busy for each in (dock.runs, dock.results, dock.live, dock.apply)),
        timeout=LONG,
    )
    dock.data.close_choices()
    dock.apply.close_choices()


def click(qtbot, button) -> None:
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def corrected(qtbot, dock: DaCapo, name: str = "cells corrected") -> Labels:
    click(qtbot, dock.apply.correct.correct)
    layers = dock._viewer.layers
    qtbot.waitUntil(lambda: name in layers, timeout=LONG)
    return layers[name]


def saved(qtbot, dock: DaCapo, workspace: Workspace) -> np.ndarray:
    qtbot.waitUntil(lambda: not dock.apply.correct.is_busy, timeout=LONG)
    array = File(path=str(place_of(workspace, "cells corrected labels"))).open()
    return array.read((0, 0, 0), array.shape)


def test_what_is_seen_is_copied_and_every_stroke_is_saved(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    layer = corrected(qtbot, dock)
    assert layer.mode == "paint" and dock._viewer.layers.selection.active is layer
    # one slice is seen; a network whose output has 8 voxels a side learns from 8 of them
    np.testing.assert_array_equal(layer.data, LABELS[7:15])
    assert layer.translate[0] == 4 + 7 * 8
    assert not dock._viewer.layers["cells segmentation"].visible
    layer.paint((4, 20, 20), 99)
    layer.paint((5, 20, 20), 99)
    np.testing.assert_array_equal(saved(qtbot, dock, workspace), layer.data)
    layer.undo()
    assert not (layer.data[5] == 99).any()
    np.testing.assert_array_equal(saved(qtbot, dock, workspace), layer.data)
    assert LABELS.max() < 99


def test_the_prediction_of_a_segmentation_is_hidden_with_it_so_that_the_image_is_seen(
    qtbot, dock: DaCapo
) -> None:
    viewer = dock._viewer
    viewer.layers["cells segmentation"].metadata[OURS] = "applied/folder/1"
    viewer.add_image(LABELS, name="prediction", metadata={OURS: "applied/folder/0"})
    viewer.layers.selection.active = viewer.layers["cells segmentation"]
    corrected(qtbot, dock)
    seen = [layer.name for layer in viewer.layers if layer.visible]
    assert seen == ["cells", "cells corrected"]


def test_what_finds_no_room_is_saved_when_there_is_some(
    qtbot, dock: DaCapo, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, keep, tries = corrected(qtbot, dock), correcting.keep, []

    def full_at_first(*args):
        tries.append(args)
        if len(tries) == 1:
            raise DiskFullError(workspace.path, 2, 1)
        return keep(*args)

    monkeypatch.setattr(correcting, "keep", full_at_first)
    layer.paint((4, 20, 20), 99)
    qtbot.waitUntil(lambda: len(tries) == 2, timeout=LONG)
    np.testing.assert_array_equal(saved(qtbot, dock, workspace), layer.data)


def test_another_window_takes_another_name(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    corrected(qtbot, dock)
    assert place_of(workspace, "cells corrected labels").exists()  # before anything is painted


def test_the_last_stroke_is_saved_when_the_page_closes(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    layer = corrected(qtbot, dock)
    layer.paint((4, 20, 20), 99)
    dock.apply.correct.close()
    np.testing.assert_array_equal(
        File(path=str(place_of(workspace, "cells corrected labels"))).open().read((0, 0, 0), (8, 40, 40)),
        layer.data,
    )


def test_a_layer_that_is_deleted_right_after_a_stroke_keeps_it(
    qtbot, dock: DaCapo, workspace: Workspace
) -> None:
    layer = corrected(qtbot, dock)
    layer.paint((4, 20, 20), 99)
    dock._viewer.layers.remove(layer)
    np.testing.assert_array_equal(saved(qtbot, dock, workspace), layer.data)


def test_a_single_slice_is_too_little_to_learn_from(qtbot, dock: DaCapo) -> None:
    place = {"scale": (8, 8, 8), "translate": (84, 4, 4), "units": "nm", "axis_labels": "zyx"}
    dock._viewer.add_labels(LABELS[10:11], name="one slice", **place)
    click(qtbot, dock.apply.correct.correct)
    qtbot.waitUntil(lambda: "Segment a larger part first" in dock.apply.said.text(), timeout=LONG)
    assert "first learns from (8, 8, 8) voxels at once" in dock.apply.said.text()


def test_a_second_correction_takes_no_place_of_the_first(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    first = corrected(qtbot, dock)
    first.paint((4, 20, 20), 99)
    before = saved(qtbot, dock, workspace)
    dock._viewer.layers.remove(first)
    corrected(qtbot, dock, "cells corrected 2").paint((4, 20, 20), 77)
    np.testing.assert_array_equal(saved(qtbot, dock, workspace), before)


def test_the_run_is_trained_on_with_what_was_corrected(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    assert dock.apply.correct.train.toolTip() == "Correct a part first."
    corrected(qtbot, dock).paint((4, 20, 20), 99)
    click(qtbot, dock.apply.correct.train)
    qtbot.waitUntil(lambda: dock.data.facts is not None, timeout=LONG)
    datasplit = dock.data.record
    assert isinstance(datasplit, HeldOutSlab)
    assert [entry.dataset.title for entry in datasplit.entries] == ["cells", "cells corrected"]
    first, second = datasplit.training(workspace.path)
    assert first.excluded is not None and second.excluded == first.excluded
    assert second.region.size == (64.0, 320.0, 320.0)
    assert dock.tabs.currentWidget() is dock.data
    options = dock.runs.new.options.value
    assert isinstance(options.start, FromRun) and options.start.run == "first"
    run = RunFolder(workspace.run_folder("first"), workspace.path).saved_run()
    assert (dock.network.record, dock.task.record) == (run.architecture, run.task)
    dock.runs.new.options.value = options.replace(iterations=2, validation_interval=2)
    click(qtbot, dock.footer.train_button)
    qtbot.waitUntil(lambda: [each.state for each in dock.queue.runs] == ["finished"], timeout=LONG)


def test_corrections_are_added_one_after_the_other(qtbot, dock: DaCapo) -> None:
    dock.runs.new.options.value = RunOptions(iterations=5)
    titles = ["cells"]
    for name in ("cells corrected", "cells corrected 2"):
        titles.append(name)
        corrected(qtbot, dock, name).paint((4, 20, 20), 99)
        click(qtbot, dock.apply.correct.train)
        qtbot.waitUntil(lambda: shown_titles(dock) == titles, timeout=LONG)
        dock.tabs.setCurrentWidget(dock.apply)
        qtbot.waitUntil(dock.apply.correct.correct.isEnabled, timeout=LONG)
    assert dock.runs.new.options.value.iterations == 5


def shown_titles(dock: DaCapo) -> list[str]:
    """Of the datasets on the page of the data."""
    return [] if dock.data.problem else [entry.dataset.title for entry in dock.data.record.entries]
