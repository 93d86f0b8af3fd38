"""While a run trains, its newest snapshot and validation follow it in their layers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from previewing import WAIT, click, open_dock, use_layers

from napari_dacapo.arrays.file import File
from napari_dacapo.experiments.steps import Snapshot
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.queued_work import Begun
from napari_dacapo.widgets.training.run_options import RunOptions

SHOWN = ("raw", "target", "weight", "prediction", "cells prediction", "cells segmentation")
COMING = {f"{name}, to come" for name in SHOWN}


@pytest.fixture
def dock(make_napari_viewer: Callable, qtbot, tmp_path: Path) -> Iterator[DaCapo]:
    with open_dock(make_napari_viewer, qtbot, Workspace(tmp_path / "workspace")) as dock:
        yield dock


def begin(qtbot, dock: DaCapo, options: RunOptions, snapshot_interval: int) -> None:
    use_layers(qtbot, dock)
    trainer = Trainer(precision="float32", loader_threads=0, snapshot_interval=snapshot_interval)
    dock.trainer.suggest(trainer, "watched")
    dock.runs.new.options.value = options
    click(qtbot, dock.footer.train_button)


def begun() -> Begun:
    return Begun(0, 5, np.zeros(0, np.int64), np.zeros(0), ())


def trained(qtbot, dock: DaCapo, iterations: int) -> None:
    """A snapshot every two iterations, a validation every three."""
    begin(qtbot, dock, RunOptions(iterations=iterations, validation_interval=3), snapshot_interval=2)
    qtbot.waitUntil(lambda: [run.state for run in dock.queue.runs] == ["finished"], timeout=2 * WAIT)
    qtbot.waitUntil(lambda: not dock.live.is_busy, timeout=WAIT)


def test_the_newest_snapshot_and_validation_are_layers_that_lie_where_they_are(qtbot, dock: DaCapo) -> None:
    seen: set[str] = set()
    viewer = dock._viewer
    viewer.layers.events.inserted.connect(lambda event: seen.add(event.value.name))
    trained(qtbot, dock, iterations=9)
    names = [layer.name for layer in viewer.layers]
    snapshot = ["raw 8", "target 8", "weight 8", "prediction 8"]
    validated = ["cells 9 prediction", "cells 9 segmentation"]
    assert sorted(names) == sorted(["cells", "truth", *snapshot, *validated])
    assert len(seen) == 6  # each was added once, and took what came later in place
    shown = {name for name in (*snapshot, *validated) if viewer.layers[name].visible}
    assert shown == {"raw 8", "prediction 8", *validated}
    assert viewer.layers["cells 9 prediction"].data.shape[0] == 4  # affinities, one slider for all
    stored = File(path="prediction.zarr").open(
        dock.workspace.run_folder("task-1") / "snapshots" / "000000008"
    )
    layer = viewer.layers["prediction 8"]
    np.testing.assert_array_equal(np.asarray(layer.data), stored.read((0, 0, 0), stored.spatial_shape))
    assert layer.data_to_world((0, 0, 0, 0))[1:] == tuple(o + 4.0 for o in stored.offset)
    overlay = viewer.canvas.overlays.text
    assert overlay.visible and overlay.text == "task-1, iteration 9: see z 32 to 39"


def test_layers_wait_for_what_comes_and_go_where_nothing_came(qtbot, dock: DaCapo) -> None:
    viewer = dock._viewer
    begin(qtbot, dock, RunOptions(iterations=100_000, validation_interval=100_000), snapshot_interval=100_000)
    qtbot.waitUntil(lambda: {layer.name for layer in viewer.layers} >= COMING, timeout=WAIT)
    assert not any(viewer.layers[name].visible for name in COMING)
    assert viewer.canvas.overlays.text.text == "task-1, iteration 0: nothing to see yet"
    click(qtbot, dock.footer.stop_button)
    qtbot.waitUntil(lambda: [layer.name for layer in viewer.layers] == ["cells", "truth"], timeout=WAIT)
    qtbot.waitUntil(lambda: viewer.canvas.overlays.text.text == " ", timeout=WAIT)


def test_layers_of_a_run_go_when_another_one_begins(qtbot, dock: DaCapo) -> None:
    trained(qtbot, dock, iterations=3)
    assert len(dock._viewer.layers) == 2 + len(SHOWN)
    dock.queue.steps.emit("task-1", [begun()])  # it goes on
    assert len(dock._viewer.layers) == 2 + len(SHOWN)
    dock.queue.steps.emit("another", [begun()])
    assert [layer.name for layer in dock._viewer.layers] == ["cells", "truth"]


def test_what_fails_at_once_has_nothing_to_see(qtbot, dock: DaCapo) -> None:
    dock.queue.steps.emit("gone", [begun()])
    assert dock._viewer.canvas.overlays.text.text == "gone, iteration 0: nothing to see yet"
    qtbot.waitUntil(lambda: dock._viewer.canvas.overlays.text.text == " ", timeout=WAIT)


def test_what_waits_goes_when_the_page_is_closed(qtbot, dock: DaCapo) -> None:
    viewer = dock._viewer
    begin(qtbot, dock, RunOptions(iterations=100_000, validation_interval=100_000), snapshot_interval=100_000)
    qtbot.waitUntil(lambda: {layer.name for layer in viewer.layers} >= COMING, timeout=WAIT)
    dock.live.leave()
    assert [layer.name for layer in viewer.layers] == ["cells", "truth"]
    assert viewer.canvas.overlays.text.text == " "


def test_a_snapshot_that_cannot_be_read_is_waited_for_no_longer(qtbot, dock: DaCapo) -> None:
    begin(qtbot, dock, RunOptions(iterations=100_000, validation_interval=100_000), snapshot_interval=100_000)
    qtbot.waitUntil(lambda: {layer.name for layer in dock._viewer.layers} >= COMING, timeout=WAIT)
    damaged = dock.workspace.run_folder("task-1") / "snapshots" / "000000005" / "raw.zarr"
    damaged.mkdir(parents=True)
    (damaged / "zarr.json").write_text("{")
    dock.queue.steps.emit("task-1", [Snapshot(5, damaged.parent)])
    rest = {f"cells {name}, to come" for name in ("prediction", "segmentation")}  # of the validation
    qtbot.waitUntil(
        lambda: {layer.name for layer in dock._viewer.layers} == {"cells", "truth", *rest}, timeout=WAIT
    )
    assert dock._viewer.canvas.overlays.text.text == "task-1, iteration 5: it cannot be read"


def test_layers_that_are_deleted_while_it_trains_do_no_harm(qtbot, dock: DaCapo) -> None:
    viewer = dock._viewer

    def delete_the_first(event: object) -> None:
        if viewer.layers[-1].name.startswith("raw"):
            viewer.layers.events.inserted.disconnect(delete_the_first)
            viewer.layers.remove(viewer.layers["cells"])

    viewer.layers.events.inserted.connect(delete_the_first)
    trained(qtbot, dock, iterations=6)
    assert "cells" not in viewer.layers
    assert viewer.layers["prediction 6"].visible


def test_layers_that_are_renamed_moved_or_replaced_while_it_trains_do_no_harm(qtbot, dock: DaCapo) -> None:
    viewer = dock._viewer

    def change_all(event: object) -> None:
        if viewer.layers[-1].name.startswith("raw"):
            viewer.layers.events.inserted.disconnect(change_all)
            viewer.layers["cells"].name = "mine"
            viewer.layers["mine"].rotate = 20
            viewer.layers["truth"].data = np.zeros((3, 5), np.uint8)
            viewer.layers[-1].name = "renamed"
            viewer.layers[-1].translate = (0.0, 0.0, 1e6)

    viewer.layers.events.inserted.connect(change_all)
    trained(qtbot, dock, iterations=6)
    assert {"mine", "truth", "raw 6", "prediction 6"} <= {layer.name for layer in viewer.layers}
    assert viewer.layers["raw 6"].translate[-1] < 1e6  # the newest patch lies elsewhere
    assert viewer.layers["truth"].data.shape == (3, 5)
