"""How long a step through a volume with coarser levels takes in napari, and what it reads.

    OMP_NUM_THREADS=1 xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/planes.py

A prediction of 9 channels, 256^3 voxels and two levels is stored and looked at plane by plane. Beside it
what napari does with levels that are read as soon as they are indexed: all planes and channels of what is on
the screen are read for each. Both ways take turns.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.layers.layer import image, pyramid
from napari_dacapo.layers.pixels import Pixels

SHAPE = (9, 256, 256, 256)
PLANES = range(100, 120)
ROUNDS = 3


def stored(folder: Path) -> list[Pixels]:
    """The levels of a prediction, in chunks of 64^3 voxels."""
    path, coarser = folder / "prediction.zarr", (9, 128, 128, 128)
    world: dict[str, Any] = {"voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    chunks = (1, 64, 64, 64)
    create_ome_zarr(
        path, axes="czyx", shape=SHAPE, dtype=np.uint8, chunks=chunks, shards=None, coarser=[coarser], **world
    )
    noise = np.random.default_rng(0).integers(0, 255, SHAPE[1:], np.uint8)
    for channel in range(SHAPE[0]):
        open_own(path, 0)[channel] = noise
        open_own(path, 1)[channel] = noise[::2, ::2, ::2]
    data, _, _ = image(pyramid(File(path=str(path), axes="czyx"), Path()), "prediction", (0.0, 255.0))
    return list(data)


def step_through(levels: Sequence[Pixels]) -> list[float]:
    """Milliseconds of each step, without drawing."""
    viewer = napari.Viewer()
    viewer.add_image(levels, multiscale=True, contrast_limits=(0.0, 255.0))
    QApplication.processEvents()  # the window tells how much of the image is in sight
    times = []
    for plane in PLANES:
        began = time.perf_counter()
        viewer.dims.set_current_step(1, plane)
        times.append(1000 * (time.perf_counter() - began))
        QApplication.processEvents()
    viewer.close()
    return times


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        levels = stored(Path(folder))
        at_once = [Pixels(level.array) for level in levels]
        for _ in range(ROUNDS):
            for what, shown in (("everything at once", at_once), ("the plane", levels)):
                times = step_through(shown)
                print(f"{what:20} median {statistics.median(times):6.0f} ms, max {max(times):6.0f}")


if __name__ == "__main__":
    main()
