"""The preview buttons, clicked: what they add, where it lies, and why they cannot be pressed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny
from forms import field, replace_text
from previewing import LABELS, RAW, click, open_dock, press, use_layers

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets import docks
from napari_dacapo.widgets.components.preview_row import WORKS
from napari_dacapo.widgets.dock import DaCapo


@pytest.fixture
def dock(make_napari_viewer: Callable, qtbot, tmp_path: Path) -> Iterator[DaCapo]:
    with open_dock(make_napari_viewer, qtbot, Workspace(tmp_path / "workspace")) as dock:
        yield dock


def buttons(dock: DaCapo) -> tuple:
    return dock.data.preview.button, dock.task.target, dock.trainer.first, dock.trainer.next


def names(dock: DaCapo) -> list[str]:
    return [layer.name for layer in dock._viewer.layers][2:]


def look_at(dock: DaCapo, z: float, y: float, x: float, zoom: float = 1.0) -> None:
    camera = dock._viewer.scene.camera
    camera.center, camera.zoom = (0.0, y, x), zoom
    dock._viewer.dims.set_point(0, z)


def test_without_data_no_preview_can_be_made_and_the_tooltip_says_why(dock: DaCapo) -> None:
    for button in buttons(dock):
        assert not button.isEnabled()
        assert len(button.toolTip()) > 10 and button.toolTip() == dock.data.preview.button.toolTip()


def test_a_page_in_a_dock_of_its_own_says_where_previews_are_made(
    qtbot, make_napari_viewer: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_DACAPO_WORKSPACE", str(tmp_path))
    viewer = make_napari_viewer()
    task, trainer = docks.task(viewer), docks.trainer(viewer)
    for page, button in ((task, task.target), (trainer, trainer.first)):
        viewer.window.add_dock_widget(page)
        assert not button.isEnabled() and "page 1 of the dock DaCapo" in button.toolTip()
    qtbot.waitUntil(lambda: not (task.background.is_busy or trainer.background.is_busy), timeout=20_000)


def test_with_data_every_preview_can_be_made_unless_its_own_page_is_wrong(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    assert all(button.isEnabled() for button in buttons(dock))
    dock.tabs.setCurrentWidget(dock.trainer)
    replace_text(qtbot, field(dock.trainer.form, "Learning rate"), "0")
    assert [button.isEnabled() for button in buttons(dock)] == [True, True, False, False]


def test_the_patch_of_the_view_lies_over_the_image(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    look_at(dock, 100.0, 160.0, 160.0)
    press(qtbot, dock.data.preview.button, dock.data.preview)
    viewer = dock._viewer
    assert names(dock) == ["cells patch, raw", "cells patch, labels", "cells patch, known"]
    raw, labels = viewer.layers["cells patch, raw"], viewer.layers["cells patch, labels"]
    place = tuple(int(i) for i in viewer.layers["truth"].world_to_data(labels.data_to_world((0, 0, 0))))
    assert place == (8, 16, 16)  # 4 before the voxel at 100, 160, 160
    np.testing.assert_array_equal(np.asarray(labels.data), LABELS[8:16, 16:24, 16:24])
    inner = np.asarray(raw.data)[8:16, 8:16, 8:16]
    assert np.corrcoef(inner.ravel(), RAW[8:16, 16:24, 16:24].ravel())[0, 1] > 0.999
    assert "24 x 24 x 24" in dock.data.said.text() and "100% train" in dock.data.said.text()


def test_the_target_follows_view_and_task_in_place(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    dock.tabs.setCurrentWidget(dock.task)
    look_at(dock, 100.0, 160.0, 160.0)
    press(qtbot, dock.task.target, dock.task.preview)
    shown = [f"target affinity_{name}" for name in ("z1", "y1", "x1", "x3")]
    assert names(dock) == [*shown, "target weight"]
    layer = dock._viewer.layers["target affinity_x3"]
    target = np.asarray(layer.data)
    z, y, x = (int(i) for i in dock._viewer.layers["truth"].world_to_data(layer.data_to_world((0, 0, 0))))
    here = LABELS[z : z + target.shape[0], y : y + target.shape[1]]
    width = min(target.shape[2], 37 - x)
    expected = here[:, :, x : x + width] == here[:, :, x + 3 : x + 3 + width]
    np.testing.assert_array_equal(target[:, :, :width], expected)

    look_at(dock, 100.0, 80.0, 80.0, zoom=8.0)
    press(qtbot, dock.task.target, dock.task.preview)
    assert dock._viewer.layers["target affinity_x3"] is layer
    assert layer.data.shape != target.shape
    dock.task.suggest(SignedDistance(scale=16.0), "")
    press(qtbot, dock.task.target, dock.task.preview)
    assert names(dock) == ["target distance", "target weight"]
    assert dock._viewer.layers["target distance"].contrast_limits == [-1.0, 1.0]


def test_a_new_draw_takes_the_place_of_the_one_before_beside_the_data(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    dock.tabs.setCurrentWidget(dock.trainer)
    press(qtbot, dock.trainer.first, dock.trainer.preview)
    viewer = dock._viewer
    assert names(dock) == ["augmented raw, seed 0", "augmented labels, seed 0"]
    raw = viewer.layers["augmented raw, seed 0"]
    before = np.array(raw.data)
    assert before.shape == (24, 84, 84)
    assert raw.extent.world[0][2] > viewer.layers["cells"].extent.world[1][2]
    middle = raw.extent.world.mean(axis=0)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], middle[-2:], atol=8.0)  # the view goes there
    press(qtbot, dock.trainer.next, dock.trainer.preview)
    assert names(dock) == ["augmented raw, seed 1", "augmented labels, seed 1"]
    assert viewer.layers["augmented raw, seed 1"] is raw
    assert (np.asarray(raw.data) != before).any()


def test_patches_are_in_view_where_the_viewer_has_one_axis_more(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    viewer = dock._viewer
    viewer.add_image(np.zeros((2, 4, 4, 4), np.uint8), name="film")
    dock.tabs.setCurrentWidget(dock.trainer)
    press(qtbot, dock.trainer.first, dock.trainer.preview)
    qtbot.waitUntil(lambda: not dock.trainer.preview.is_busy, timeout=20_000)
    middle = viewer.layers["augmented raw, seed 0"].extent.world.mean(axis=0)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], middle[-2:], atol=8.0)


def test_what_cannot_be_previewed_is_said_in_words(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    large = dict.fromkeys(("input_shape", "eval_shape_increase"), (96, 96, 96))
    dock.network.suggest(tiny.UNET.replace(**large), "")
    dock.tabs.setCurrentWidget(dock.trainer)
    press(qtbot, dock.trainer.first, dock.trainer.preview)
    assert names(dock) == []
    assert "Choose an input shape of at most" in dock.trainer.said.text()
    assert dock.trainer.first.isEnabled()


def test_while_a_preview_is_made_its_buttons_wait(qtbot, dock: DaCapo) -> None:
    use_layers(qtbot, dock)
    dock.trainer.suggest(Trainer(augments=()), "")
    dock.tabs.setCurrentWidget(dock.trainer)
    click(qtbot, dock.trainer.first)
    assert not dock.trainer.next.isEnabled() and dock.trainer.next.toolTip() == WORKS
    qtbot.waitUntil(dock.trainer.next.isEnabled, timeout=60_000)
