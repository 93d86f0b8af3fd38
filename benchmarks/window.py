"""How long napari's window waits while a network trains beside it.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/window.py

A timer of the window ticks every 10 ms while a U-Net trains in the dock: curves are drawn, and the newest
snapshot and the newest validation follow as layers. The table tells the times between ticks, after the
first iteration: 99 of 100 are to be below 50 ms, all below 250 ms. On a busy machine look at the last column:
how much of the longest time the window's thread computed itself; the rest it waited for others.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import napari
import numpy as np
import qtpy
from qtpy.QtCore import QObject, Qt, QTimer

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import ZScore
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.steps import Predicted, TrainStep, Validation
from napari_dacapo.samples.neurites import neurites
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.training.queued_work import FollowedStep

IDLE_SECONDS = 5.0
NAME = "neurites"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of training after the first iteration")
    parser.add_argument("--interval", type=int, default=10, help="iterations from one validation to the next")
    parser.add_argument("--snapshots", type=int, default=5, help="iterations from one snapshot to the next")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        workspace.store.save(Run, NAME, small_run(workspace.path, options.interval, options.snapshots))
        viewer = napari.Viewer()
        viewer.window.resize(1500, 980)
        viewer.open_sample("napari-dacapo", NAME)
        watch = Watch(DaCapo(viewer, workspace), options.seconds)
        viewer.window.add_dock_widget(watch.dock, name="DaCapo")
        watch.begin()
        napari.run()
    print(f"{qtpy.API_NAME}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"iteration {watch.iteration}, {len(viewer.layers)} layers\n")
    print(table(watch.gaps, watch.computed))


def small_run(folder: Path, interval: int, snapshots: int) -> Run:
    datasets = [dataset(folder, "training", 128, 1), dataset(folder, "validation", 80, 2)]
    return Run(
        datasplit=ListedDatasets(normalization=ZScore(), train=datasets[:1], validate=datasets[1:]),
        architecture=UNet(
            input_shape=(40, 40, 40),
            eval_shape_increase=(56, 56, 56),
            num_fmaps=8,
            downsample_factors=((2, 2, 2),),
        ),
        task=Affinities(),
        trainer=Trainer(snapshot_interval=snapshots),
        iterations=1_000_000,
        validation_interval=interval,
    )


def dataset(folder: Path, title: str, size: int, seed: int) -> Dataset:
    sample = neurites((size, size, size), seed)
    world: dict[str, Any] = {
        "axes": sample.axes,
        "voxel_size": sample.voxel_size,
        "offset": (0.0, 0.0, 0.0),
        "unit": sample.unit,
    }
    write_ome_zarr(folder / f"{title}.zarr", sample.raw, **world)
    write_ome_zarr(folder / f"{title}-labels.zarr", sample.labels, **world)
    return Dataset(title=title, raw=File(path=f"{title}.zarr"), labels=File(path=f"{title}-labels.zarr"))


class Watch(QObject):
    """Lets the window idle, then a run train, and notes every time between two ticks of the window."""

    def __init__(self, dock: DaCapo, seconds: float) -> None:
        super().__init__()
        self.dock = dock
        self.gaps: dict[str, list[float]] = {}  # by what went on, milliseconds
        self.computed: dict[str, list[float]] = {}  # likewise, of the window's thread
        self.iteration = 0
        self._seconds = seconds
        self._phase = "no training"
        self._ticked = self._computed = 0.0
        self.dock.queue.steps.connect(self._follow)
        self._ticks = QTimer(self)
        self._ticks.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticks.timeout.connect(self._tick)

    def begin(self) -> None:
        self._ticked, self._computed = time.perf_counter(), time.thread_time()
        self._ticks.start(10)
        QTimer.singleShot(round(1000 * IDLE_SECONDS), self._train)

    def _train(self) -> None:
        self._phase = "getting ready"
        self.dock.queue.add(NAME)

    def _tick(self) -> None:
        now, computed = time.perf_counter(), time.thread_time()
        self.gaps.setdefault(self._phase, []).append(1000 * (now - self._ticked))
        self.computed.setdefault(self._phase, []).append(1000 * (computed - self._computed))
        self._ticked, self._computed = now, computed

    def _follow(self, name: str, steps: list[FollowedStep]) -> None:
        self.iteration = max(self.iteration, *(s.iteration for s in steps if isinstance(s, TrainStep)), 0)
        if isinstance(steps[-1], TrainStep | Predicted | Validation):
            self._enter("training" if isinstance(steps[-1], TrainStep) else "validation")

    def _enter(self, phase: str) -> None:
        if self._phase == "getting ready":
            QTimer.singleShot(round(1000 * self._seconds), self._end)
        self._phase = phase

    def _end(self) -> None:
        self._ticks.stop()
        print(self.dock.queue.shutdown(300.0) or f"the run is {self.dock.queue.runs[0].state}")
        napari.qt.get_qapp().quit()


def table(gaps: dict[str, list[float]], computed: dict[str, list[float]]) -> str:
    """Markdown; the last row is what the demands are about."""
    rows = {each: [each] for each in gaps} | {"training and validation": ["training", "validation"]}
    lines = [
        "| while | ticks | p50 ms | p99 ms | max ms | max computing ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, phases in rows.items():
        found, own = (
            [value for phase in phases for value in each.get(phase, [])] for each in (gaps, computed)
        )
        numbers = [*(np.percentile(found or [np.nan], p) for p in (50, 99, 100)), max(own, default=np.nan)]
        lines.append(f"| {name} | {len(found):,} | {' | '.join(f'{number:.0f}' for number in numbers)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
