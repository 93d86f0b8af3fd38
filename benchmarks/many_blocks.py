"""Whether the time a block takes stays the same when there are very many: segmenting, numbering, the ledger.

    OMP_NUM_THREADS=1 python benchmarks/many_blocks.py 289 5000

Blobs in blocks of 8 x 8 voxels are segmented block by block, each step in ms of this process for each block.
Nothing waits for the disk: that would be 3 ms a line of the ledger, whatever their number.
"""

import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.durable import is_written
from napari_dacapo.blockwise.finished import Finished
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.segmentation import segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.tasks.signed_distance import SignedDistance

SIDE = 8  # voxels of a block
WORLD: dict[str, Any] = {"voxel_size": (1.0,) * 2, "offset": (0.0,) * 2, "unit": "voxel"}
TASK = SignedDistance(postprocessor=ConnectedComponents(threshold=(0.0,), min_size=(6,)))


def stored_blobs(folder: Path, blocks: int) -> Segmenting:
    """As many blocks as make a square."""
    shape = (SIDE * math.isqrt(blocks),) * 2
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(1, *shape)), (0, 2, 2))
    world = {**WORLD, "axes": "yx", "chunks": (SIDE * 8,) * 2}
    stored = create_ome_zarr(
        folder / "prediction.zarr",
        shape=noise.shape,
        dtype=np.float32,
        **world | {"axes": "cyx", "chunks": (1, SIDE, SIDE)},
    )
    stored[...] = np.clip(noise * 5, -1, 1)
    return Segmenting(
        method=TASK,
        parameters=TASK.parameter_grid()[0],
        prediction=folder / "prediction.zarr",
        coding=Coding("float32"),
        target=folder / "segmentation.zarr",
        world=world | {"chunks": (SIDE, SIDE)},
        work=folder / "work",
        grid=Grid(shape, (SIDE, SIDE)),
        halo=(2, 2),
    )


def seconds(folder: Path, blocks: int) -> dict[str, float]:
    """Of each step, and of what a new start does before it goes on."""
    of = stored_blobs(folder, blocks)
    ledger = Ledger.open(folder / "ledger.jsonl", {}, {})
    found: defaultdict[str, float] = defaultdict(float)
    began = time.process_time()
    for step in segment_blocks(of, ledger, Threads(1)):
        now = time.process_time()
        found[step.stage] += now - began
        began = now
    found["the ledger read"] = _timed(lambda: Ledger.read(ledger.path))
    found["the ledger followed"] = _timed(Finished(ledger.path).look)
    target, all_blocks = open_own(of.target), list(of.grid.blocks())
    found["lost files looked for"] = _timed(
        lambda: [is_written(target, of.target / "0", block.slices) for block in all_blocks]
    )
    return dict(found)


def _timed(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def main() -> None:
    os.fsync = lambda fd: None
    table = {}
    for blocks in map(int, sys.argv[1:] or ("289", "5000")):
        with tempfile.TemporaryDirectory() as folder:
            table[math.isqrt(blocks) ** 2] = seconds(Path(folder), blocks)
    print(f"{'ms a block':<24}" + "".join(f"{blocks:>10,}" for blocks in table))
    for step in next(iter(table.values())):
        print(f"{step:<24}" + "".join(f"{times[step] / n * 1000:>10.3f}" for n, times in table.items()))


if __name__ == "__main__":
    main()
