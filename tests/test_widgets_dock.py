"""The dock as a person uses it: pages, buttons, a real training, layers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny
from qtpy.QtCore import Qt

from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.run_options import RunOptions

SECOND = 1000
TRAINING = 40 * SECOND
RAW, LABELS = tiny.cells((40, 40, 40), seed=0)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def dock(make_napari_viewer: Callable, qtbot, workspace: Workspace) -> Iterator[DaCapo]:
    viewer = make_napari_viewer()
    viewer.add_image(RAW, name="cells", scale=(8, 8, 8), units="nm", axis_labels="zyx")
    viewer.add_labels(LABELS, name="truth", scale=(8, 8, 8), units="nm", axis_labels="zyx")
    dock = DaCapo(viewer, workspace)
    viewer.window.add_dock_widget(dock, name="DaCapo")
    yield dock
    dock.queue.shutdown()
    pages = (dock, dock.runs, dock.results, dock.apply, *dock.components.values())
    qtbot.waitUntil(lambda: not any(page.background.is_busy for page in pages), timeout=20 * SECOND)
    qtbot.waitUntil(lambda: not (dock.runs.is_busy or dock.results.is_busy), timeout=20 * SECOND)
    qtbot.waitUntil(lambda: not dock.live.is_busy, timeout=20 * SECOND)
    dock.data.close_choices()


def click(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def use_layers(qtbot, dock: DaCapo) -> None:
    click(qtbot, dock.data.use)
    qtbot.waitUntil(lambda: dock.data.facts is not None, timeout=20 * SECOND)


def test_all_pages_are_reached_in_a_narrow_dock(qtbot, dock: DaCapo) -> None:
    for layer in dock._viewer.layers:
        layer.name = f"{layer.name} of the second day, slice by slice, registered, with the new objective"
    use_layers(qtbot, dock)
    assert dock.minimumSizeHint().width() <= 420
    dock.parentWidget().setFloating(True)
    dock.window().resize(420, 700)
    bar = dock.tabs.tabBar()
    qtbot.waitUntil(lambda: bar.width() <= 420)
    assert all(bar.rect().contains(bar.tabRect(place)) for place in range(7))
    assert [bar.tabToolTip(place) for place in (0, 6)] == ["Data", "Apply"]  # of which a part is shown


def make_tiny(dock: DaCapo) -> None:
    """A network and a run of six iterations, so that a training takes a second."""
    dock.network.suggest(tiny.UNET, "small")
    dock.task.suggest(tiny.TASK, "few offsets")
    dock.trainer.suggest(Trainer(precision="float32", loader_threads=0), "simple")
    dock.runs.new.options.value = RunOptions(iterations=6, validation_interval=3)


def train(qtbot, dock: DaCapo) -> None:
    count = len(dock.queue.runs) + 1
    click(qtbot, dock.footer.train_button)
    qtbot.waitUntil(lambda: [run.state for run in dock.queue.runs] == ["finished"] * count, timeout=TRAINING)


def test_without_data_train_says_what_is_missing(dock: DaCapo) -> None:
    assert not dock.footer.train_button.isEnabled()
    assert dock.footer.train_button.toolTip().startswith("datasplit: ")
    assert not dock.footer.obstacle.isHidden()
    assert dock.footer.obstacle.text().startswith("Train waits for the datasplit: ")


def test_layers_become_a_datasplit_in_the_workspace(qtbot, dock: DaCapo, workspace: Workspace) -> None:
    use_layers(qtbot, dock)
    record = dock.data.record
    assert isinstance(record, HeldOutSlab)
    (training,) = record.training(workspace.path)
    assert training.raw.voxel_size == (8.0, 8.0, 8.0)
    assert training.raw.offset == (-4.0, -4.0, -4.0)  # napari's translate 0 is a voxel's centre
    assert np.array_equal(training.labels.read((0, 0, 0), (40, 40, 40)), LABELS)
    assert "40 x 40 x 40 voxels of 8 x 8 x 8 nm" in dock.data.said.text()
    assert dock.footer.train_button.isEnabled()
    assert dock.footer.obstacle.isHidden()


def test_a_training_shows_its_curve_its_scores_and_its_layers(
    qtbot, dock: DaCapo, workspace: Workspace
) -> None:
    use_layers(qtbot, dock)
    make_tiny(dock)
    train(qtbot, dock)
    assert workspace.store.names(Run) == ("task-1",)
    curve = dock.footer.plot.curve("task-1")
    assert list(curve.iterations) == [1, 2, 3, 4, 5, 6]
    assert list(curve.score_iterations) == [3, 6]
    viewer = dock._viewer
    qtbot.waitUntil(lambda: any("segmentation" in layer.name for layer in viewer.layers), timeout=20 * SECOND)
    segmentation = next(layer for layer in viewer.layers if "segmentation" in layer.name)
    assert tuple(segmentation.scale) == (8.0, 8.0, 8.0)
    assert segmentation.extent.world[0][1:] == pytest.approx(viewer.layers["cells"].extent.world[0][1:])
    dock.tabs.setCurrentWidget(dock.results)
    qtbot.waitUntil(lambda: dock.results.table.scores.rowCount() == 4, timeout=20 * SECOND)


def test_training_twice_makes_two_runs_and_saves_nothing_twice(
    qtbot, dock: DaCapo, workspace: Workspace
) -> None:
    use_layers(qtbot, dock)
    make_tiny(dock)
    train(qtbot, dock)
    train(qtbot, dock)
    assert workspace.store.names(Run) == ("task-1", "task-2")
    assert workspace.store.names(Task) == ("task",)


def test_a_task_that_is_not_for_the_network_is_refused_before_a_run_is_made(
    qtbot, dock: DaCapo, workspace: Workspace
) -> None:
    use_layers(qtbot, dock)
    make_tiny(dock)
    dock.task.suggest(tiny.TASK.replace(neighborhood=((1, 0), (0, 1))), "flat")
    click(qtbot, dock.footer.train_button)
    qtbot.waitUntil(lambda: "offsets have 2 numbers" in dock.footer.said.text(), timeout=20 * SECOND)
    assert dock.footer.said.text().startswith("task.neighborhood is ")
    assert workspace.store.names(Run) == workspace.store.names(Task) == ()


def test_a_layer_that_is_deleted_leaves_nothing_chosen_and_says_so(dock: DaCapo) -> None:
    dock._viewer.layers.remove("truth")
    assert dock.data.choices["labels"].layer is None
    assert "truth was removed" in dock.data.said.text()
    assert not dock.data.use.isEnabled()


def test_labels_that_are_an_image_of_fractions_are_refused_in_words(qtbot, dock: DaCapo) -> None:
    dock._viewer.layers["cells"].data = np.full((40, 40, 40), np.nan, np.float32)
    click(qtbot, dock.data.use)
    qtbot.waitUntil(
        lambda: "cells" in dock.data.said.text() and dock.data.use.isEnabled(), timeout=20 * SECOND
    )
    assert not dock.footer.train_button.isEnabled()


@pytest.fixture
def page(qtbot, workspace: Workspace) -> ComponentPage:
    page = ComponentPage(Trainer, workspace, "gentle", Trainer())

    def end(page: ComponentPage) -> None:
        qtbot.waitUntil(lambda: not page.background.is_busy, timeout=20 * SECOND)

    qtbot.addWidget(page, before_close_func=end)
    page.show()
    end(page)
    return page


def saved(workspace: Workspace, name: str) -> Trainer:
    return workspace.store.read(Trainer, name)


def test_a_component_is_saved_under_its_name(qtbot, page: ComponentPage, workspace: Workspace) -> None:
    assert page.row.mark.isVisible()
    click(qtbot, page.row.button)
    qtbot.waitUntil(lambda: not page.row.mark.isVisible(), timeout=20 * SECOND)
    assert saved(workspace, "gentle") == Trainer()
    assert not page.row.button.isEnabled()


def test_another_record_of_a_name_is_replaced_only_after_asking(
    qtbot, page: ComponentPage, workspace: Workspace
) -> None:
    workspace.store.save(Trainer, "gentle", Trainer(batch_size=7))
    click(qtbot, page.row.button)
    qtbot.waitUntil(page.question.isVisible, timeout=20 * SECOND)
    assert saved(workspace, "gentle").batch_size == 7
    click(qtbot, page.question.yes)
    qtbot.waitUntil(lambda: saved(workspace, "gentle") == Trainer(), timeout=20 * SECOND)


def test_a_name_that_nobody_chose_is_one_that_is_free(
    qtbot, page: ComponentPage, workspace: Workspace
) -> None:
    workspace.store.save(Trainer, "gentle", Trainer(batch_size=7))
    page.refresh()  # as it is on turning to it, or on another day
    qtbot.waitUntil(lambda: page.name == "gentle-2", timeout=20 * SECOND)
    qtbot.keyClick(page.row.name, Qt.Key.Key_Backspace)
    qtbot.keyClick(page.row.name, Qt.Key.Key_Backspace)
    page.refresh()
    qtbot.waitUntil(lambda: not page.background.is_busy, timeout=20 * SECOND)
    assert page.name == "gentle"


def test_a_saved_one_that_was_opened_is_edited_without_asking(
    qtbot, page: ComponentPage, workspace: Workspace
) -> None:
    workspace.store.save(Trainer, "hard", Trainer(batch_size=7))
    page.open("hard")
    qtbot.waitUntil(lambda: page.name == "hard", timeout=20 * SECOND)
    page.suggest(Trainer(batch_size=8), "")
    click(qtbot, page.row.button)
    qtbot.waitUntil(lambda: saved(workspace, "hard").batch_size == 8, timeout=20 * SECOND)
    assert not page.question.isVisible()


def test_a_name_that_cannot_be_is_told_and_nothing_is_saved(
    qtbot, page: ComponentPage, workspace: Workspace
) -> None:
    page.row.name.selectAll()
    qtbot.keyClicks(page.row.name, " ")
    assert "name" in page.said.text().lower()
    assert not page.row.button.isEnabled()
    assert not workspace.path.exists()


def test_deleting_asks_and_names_the_runs(qtbot, page: ComponentPage, workspace: Workspace) -> None:
    workspace.store.save(Trainer, "gentle", Trainer())
    run = tiny.run(workspace.path, trainer=Trainer())
    workspace.store.save(Run, "first", run, made_from={"trainer": "gentle"})
    page.open("gentle")
    qtbot.waitUntil(lambda: page.saved_record is not None, timeout=20 * SECOND)
    page.row.action.emit("delete")
    qtbot.waitUntil(page.question.isVisible, timeout=20 * SECOND)
    assert "first" in page.question.text.text()
    qtbot.keyClick(page.question.yes, Qt.Key.Key_Escape)
    assert not page.question.isVisible()
    page.row.action.emit("delete")
    qtbot.waitUntil(page.question.isVisible, timeout=20 * SECOND)
    click(qtbot, page.question.yes)
    qtbot.waitUntil(lambda: workspace.store.names(Trainer) == (), timeout=20 * SECOND)
    assert workspace.store.read(Run, "first") == run
