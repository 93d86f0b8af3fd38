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
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QWidget

from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.run_options import RunOptions

SIZE = (1500, 980)  # pixels
PATIENCE = 900.0  # seconds for one thing to happen


class Visitor:
    """Clicks like a person, waits for what happens, takes pictures."""

    def __init__(self, viewer: napari.Viewer, dock: DaCapo, pictures: Path | None) -> None:
        self.viewer = viewer
        self.dock = dock
        self.pictures = pictures

    def click(self, button: QAbstractButton) -> None:
        self.until(button.isEnabled, f"{button.text()} can be pressed")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]

    def turn_to(self, page: QWidget) -> None:
        self.dock.tabs.setCurrentWidget(page)

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
        """Of the whole window, with 256 colours, which are as good to look at and a third of the size."""
        if self.pictures is not None:
            from PIL import Image

            self.rest(1.0)
            self.pictures.mkdir(parents=True, exist_ok=True)
            pixels = self.viewer.screenshot(canvas_only=False, flash=False)
            Image.fromarray(pixels[..., :3]).quantize(256).save(self.pictures / f"{name}.png", optimize=True)
            print(f"wrote {self.pictures / name}.png", flush=True)


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
    """Three clicks until it trains; then a look at what came out."""
    dock = visitor.dock
    visitor.click(dock.data.use)
    visitor.click(dock.data.suggest_rest)
    visitor.until(lambda: "Suggested" in dock.footer.said.text(), "task, network and trainer are suggested")
    for name, page in (("data", dock.data), ("task", dock.task), ("network", dock.network)):
        visitor.turn_to(page)
        visitor.picture(name)
    visitor.turn_to(dock.trainer)
    visitor.picture("trainer")
    dock.runs.options.value = RunOptions(iterations=iterations, validation_interval=max(1, iterations // 3))
    visitor.turn_to(dock.runs)
    visitor.click(dock.footer.train_button)
    watch_training(visitor, iterations)
    look_at_results(visitor)
    apply_to_what_is_seen(visitor)


def watch_training(visitor: Visitor, iterations: int) -> None:
    queue = visitor.dock.queue
    visitor.until(lambda: bool(queue.runs), "a run is made")
    visitor.until(lambda: queue.runs[-1].done > iterations // 2, "half of it is trained")
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


def apply_to_what_is_seen(visitor: Visitor) -> None:
    apply = visitor.dock.apply
    visitor.turn_to(apply)
    visitor.until(lambda: not apply.problem, "the trained run is offered")
    apply.only_seen.setChecked(True)
    visitor.click(apply.segment)
    visitor.until(lambda: apply.applying.progress.is_active, "segmenting begins")
    visitor.until(lambda: not apply.applying.progress.is_active, "it is segmented")
    print(apply.said.text(), flush=True)
    visitor.picture("apply")


if __name__ == "__main__":
    main()
