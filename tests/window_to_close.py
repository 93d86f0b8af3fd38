"""A program with the window in it, to be closed in one of several ways while it trains or applies.

    python window_to_close.py WORKSPACE WORK WAY

It prints the iteration, or the block, at which it begins to close; then, when all is closed, the number of
questions that were asked.
"""

import signal
import sys
import threading
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QDialog

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.dock import DaCapo

RUN = "endless"


class Closing:
    """Begins the work, and closes when it is under way."""

    def __init__(self, workspace: Path, work: str, way: str) -> None:
        self.viewer = napari.Viewer()
        self.viewer.add_image(np.zeros((64, 64, 64), np.uint8), name="cells")
        self.holder, self.dock = self.viewer.window.add_plugin_dock_widget("napari-dacapo", "DaCapo")
        assert isinstance(self.dock, DaCapo) and self.dock.workspace == Workspace(workspace)
        self.work, self.way = work, way
        self.questions = 0
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(50)
        if work == "train":
            self.dock.queue.add(RUN)

    def look(self) -> None:
        """Called until the work is under way, then once more to close."""
        dialogs = (each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog))
        self.questions += sum(each.isVisible() for each in dialogs)
        if self.work == "apply" and self.dock.apply.segment.isEnabled():
            self.dock.apply.segment.click()
        done = self._done()
        if done:
            self.timer.stop()
            print(done, flush=True)
            getattr(self, self.way)()

    def _done(self) -> int:
        if self.work == "apply":
            return self.dock.apply.applying.progress.done
        run = self.dock.queue.run(RUN)
        return 0 if run is None else run.done

    def window(self) -> None:
        self.viewer.window._qt_window.close()

    def dock_alone(self) -> None:
        """As a click on its cross; the program goes on until nothing works any more."""
        self.holder.destroyOnClose()
        workers = [thread for thread in threading.enumerate() if thread.name.startswith("napari-dacapo")]
        del self.dock
        self.timer.timeout.disconnect()
        self.timer.timeout.connect(lambda: self._end(workers))
        self.timer.start(50)

    def _end(self, workers: list[threading.Thread]) -> None:
        if not any(worker.is_alive() for worker in workers):
            self.timer.stop()
            self.viewer.window._qt_window.close()

    def terminate(self) -> None:
        signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    closing = Closing(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    napari.run()
    print(closing.questions)
