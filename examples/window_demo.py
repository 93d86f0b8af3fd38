"""The main job in the window, by clicks: a sample, suggested components, a training, its results.

    python examples/window_demo.py                            stays open
    python examples/window_demo.py --pictures docs/pictures   writes a picture of each page and closes

Everything lies in one workspace folder; a workspace that was used before is used again.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import napari
from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QWidget

from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.run_options import RunOptions

SIZE = (1400, 940)  # pixels
COLOURS = 256  # of a picture: as good to look at, and a third of the size
PATIENCE = 900.0  # seconds for one thing to happen


class Visitor:
    """Clicks like a person, waits for what happens, takes pictures."""

    def __init__(self, viewer: napari.Viewer, dock: DaCapo, pictures: Path | None) -> None:
        self.viewer = viewer
        self.dock = dock
        self.pictures = pictures
        self.clicks = 0

    def click(self, button: QAbstractButton) -> None:
        self.until(button.isEnabled, f"{button.text()} can be pressed")
        self.clicks += 1
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]

    def turn_to(self, page: QWidget) -> None:
        self.dock.tabs.setCurrentWidget(page)

    def seen(self, what: str) -> list[Layer]:
        """Layers of that in their name which are shown."""
        return [layer for layer in self.viewer.layers if what in layer.name and layer.visible]

    def scroll_to(self, layer: Layer) -> None:
        """Its middle slice."""
        dims = self.viewer.dims
        axes = range(dims.ndim - layer.ndim, dims.ndim)
        for axis, middle in zip(axes, layer.extent.world.mean(axis=0), strict=True):
            if axis in dims.not_displayed:
                dims.set_point(axis, middle)

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Raises SystemExit with what did not happen."""
        began = time.monotonic()
        while not happened():
            self.rest(0.05)
            if time.monotonic() - began > PATIENCE:
                raise SystemExit(f"In {PATIENCE:.0f} s this did not happen: {what}.")

    def rest(self, seconds: float) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def picture(self, name: str) -> None:
        """Of the whole window."""
        if self.pictures is not None:
            from PIL import Image

            self.rest(1.0)
            self.pictures.mkdir(parents=True, exist_ok=True)
            pixels = self.viewer.screenshot(canvas_only=False, flash=False)
            file = self.pictures / f"{name}.png"
            image = Image.fromarray(pixels[..., :3])
            image.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(file, optimize=True)  # keeps small spots
            print(f"wrote {file}, {file.stat().st_size // 1000} kB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a network on a generated sample in the window.")
    parser.add_argument("--workspace", type=Path, default=Path("demo-workspace"), help="the folder for all")
    parser.add_argument("--sample", default="neurites", help="neurites, neurites_in_sections or nuclei")
    parser.add_argument("--iterations", type=int, default=150, help="of the training")
    parser.add_argument("--pictures", type=Path, help="write pictures there, then close the window")
    options = parser.parse_args()
    os.environ["NAPARI_DACAPO_WORKSPACE"] = str(options.workspace.resolve())
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(*SIZE)
    viewer.open_sample("napari-dacapo", options.sample)
    _, dock = viewer.window.add_plugin_dock_widget("napari-dacapo", "DaCapo")
    visit(Visitor(viewer, dock, options.pictures), options.iterations)
    if options.pictures is None:
        napari.run()
    else:
        viewer.close()


def visit(visitor: Visitor, iterations: int) -> None:
    """Three clicks until it trains; then a look at what came out, which is applied in the end."""
    dock = visitor.dock
    visitor.picture("sample")
    visitor.click(dock.data.use)
    visitor.click(dock.data.suggest_rest)
    visitor.until(lambda: "Suggested" in dock.footer.said.text(), "task, network and trainer are suggested")
    visitor.picture("data")
    dock.runs.new.options.value = RunOptions(
        iterations=iterations, validation_interval=max(1, iterations // 3)
    )
    visitor.click(dock.footer.train_button)
    visitor.until(lambda: bool(dock.queue.runs), "a run is made")
    look_at_components(visitor)
    watch_training(visitor, iterations)
    look_at_results(visitor)
    apply_to_everything(visitor)


def look_at_components(visitor: Visitor) -> None:
    """While it trains."""
    dock = visitor.dock
    visitor.turn_to(dock.task)
    visitor.click(dock.task.target)
    visitor.until(
        lambda: bool(dock.task.preview.layers) and not dock.task.preview.is_busy, "a target is shown"
    )
    visitor.picture("task")
    for layer in dock.task.preview.layers:
        visitor.viewer.layers.remove(layer)
    for name, page in (("network", dock.network), ("trainer", dock.trainer)):
        visitor.turn_to(page)
        visitor.picture(name)


def watch_training(visitor: Visitor, iterations: int) -> None:
    """Until it is trained; says how many clicks it took to the first prediction."""
    queue = visitor.dock.queue
    visitor.turn_to(visitor.dock.runs)
    visitor.until(lambda: bool(visitor.seen("prediction")), "a prediction is shown")
    print(f"the first prediction, after {visitor.clicks} clicks at the most", flush=True)
    visitor.until(lambda: queue.runs[-1].done > iterations // 2, "half of it is trained")
    visitor.until(lambda: bool(visitor.seen("segmentation")), "a segmentation is shown")
    visitor.scroll_to(visitor.seen("segmentation")[-1])
    visitor.picture("training")
    visitor.until(lambda: queue.runs[-1].state not in ("waiting", "running"), "it is trained")
    print(queue.runs[-1].sentence, flush=True)
    if queue.runs[-1].state == "failed":
        raise SystemExit(queue.runs[-1].sentence)


def look_at_results(visitor: Visitor) -> None:
    results = visitor.dock.results
    visitor.turn_to(results)
    visitor.until(lambda: bool(results.table.scores.rows), "its scores are listed")
    results.table.pick(min(results.table.scores.rows, key=lambda row: row.scores["voi_sum"]))
    visitor.click(results.objects)
    visitor.until(lambda: results.worst.isEnabled() and not results.is_busy, "scores are shown as layers")
    visitor.click(results.worst)
    visitor.picture("results")


def apply_to_everything(visitor: Visitor) -> None:
    apply, viewer = visitor.dock.apply, visitor.viewer
    visitor.turn_to(apply)
    for layer in viewer.layers:
        layer.visible = layer.name == "neurites"
    viewer.reset_view()
    visitor.until(lambda: "on cpu: about" in apply.estimate.text.text(), "it is told how long it takes")
    visitor.picture("estimate")
    visitor.click(apply.segment)
    visitor.until(lambda: apply.applying.progress.done >= 2, "two blocks are predicted")
    visitor.picture("growing")
    visitor.until(lambda: not apply.applying.progress.is_active, "it is segmented")
    visitor.until(lambda: not apply.showing.is_busy, "it is shown")
    print(apply.said.text(), flush=True)
    visitor.picture("applied")
    correct(visitor)


def correct(visitor: Visitor) -> None:
    """A part of what was segmented: a new object is painted over it, and the run would be trained on."""
    row, viewer = visitor.dock.apply.correct, visitor.viewer
    viewer.scene.camera.zoom *= 2
    visitor.click(row.correct)
    visitor.until(lambda: bool(visitor.seen("corrected")), "a part can be painted on")
    (layer,) = visitor.seen("corrected")
    layer.brush_size = 12
    shown = layer.world_to_data(viewer.dims.point[-layer.ndim :])
    place = [n // 2 for n in layer.data.shape]
    layer.paint([*map(round, shown[:-2]), *place[-2:]], layer.selected_label)
    visitor.until(lambda: not row.is_busy, "what is painted is saved")
    visitor.picture("correcting")
    visitor.click(row.train)
    page = visitor.dock.data
    visitor.until(lambda: len(page.datasets.titles) == 2, "it trains beside what trained before")
    print(visitor.dock.footer.said.text(), flush=True)


if __name__ == "__main__":
    main()
