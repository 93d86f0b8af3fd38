"""What blocks cost besides what is done to them: the list of finished ones, Dask, the pyramid.

    OMP_NUM_THREADS=1 python benchmarks/blockwise_overhead.py

Blocks that nothing is done to are worked on in turns by threads, by threads with the ledger on a disk, and by
Dask's processes on this machine with the ledger. A pyramid is written in turns with a plain copy of the same
volume's bytes, both durably.
"""

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.blockwise.dask_workers import DaskWorkers
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.pyramid import write_pyramid
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads, Workers
from napari_dacapo.clusters.local_workers import LocalWorkers
from napari_dacapo.files import sync_file

BLOCK = 128
WORLD: dict[str, Any] = {"voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "voxel"}
STAGES = count()


@dataclass(frozen=True, slots=True)
class Nothing:
    """As large as what a block's prediction is sent as."""

    ballast: bytes

    def __call__(self, block: Block) -> None:
        pass


def without_ledger(workers: Workers, blocks: list[Block]) -> None:
    for _ in workers.each(Nothing(bytes(4000)), blocks):
        pass


def with_ledger(workers: Workers, blocks: list[Block], ledger: Ledger) -> None:
    for _ in run_stage(f"stage {next(STAGES)}", Nothing(bytes(4000)), blocks, ledger, workers):
        pass


def timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), _processor()
    work()
    return time.perf_counter() - wall, _processor() - processor


def _processor() -> float:
    """Seconds of this process, and of those it started and that ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def blocks(folder: Path, number: int, rounds: int) -> None:
    todo = list(Grid((number, 1, 1), (1, 1, 1)).blocks())
    ledger = Ledger.open(folder / "ledger.jsonl", {}, {})
    with LocalWorkers(workers=2).connect() as client:
        dask = DaskWorkers(client)
        without_ledger(dask, todo[:50])
        ways: dict[str, Callable[[], None]] = {
            "threads": lambda: without_ledger(Threads(3), todo),
            "threads and ledger": lambda: with_ledger(Threads(3), todo, ledger),
            "Dask": lambda: without_ledger(dask, todo),
            "Dask and ledger": lambda: with_ledger(dask, todo, ledger),
        }
        told: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, work in ways.items():
                told[way].append(timed(work))
    for way, seconds in told.items():
        wall, processor = (statistics.median(each) / number * 1000 for each in zip(*seconds, strict=True))
        print(f"{way}: {wall:.2f} ms a block, {processor:.2f} ms of this process's processor")


def pyramid(folder: Path, side: int, rounds: int) -> None:
    shape = (1, *(side,) * 3)
    rng = np.random.default_rng(0)
    seconds: dict[str, list[tuple[float, float]]] = {"pyramid": [], "copy": []}
    for number in range(rounds):
        path = folder / f"{number}.zarr"
        create_ome_zarr(
            path,
            axes="czyx",
            shape=shape,
            dtype="float16",
            chunks=(1, *(BLOCK // 2,) * 3),
            shards=(1, *(BLOCK,) * 3),
            coarser=coarser_shapes(shape, 3),
            **WORLD,
        )
        array = open_own(path)
        for z in range(0, side, BLOCK):
            array[:, z : z + BLOCK] = rng.random((1, BLOCK, side, side), np.float32).astype(np.float16)
        ledger = Ledger.open(folder / f"{number}.jsonl", {}, {})
        seconds["copy"].append(timed(partial(copied, path / "0", path.with_suffix(".copy"))))
        seconds["pyramid"].append(timed(partial(coarser, path, ledger)))
        shutil.rmtree(path)
    for way, each in seconds.items():
        wall, processor = (statistics.median(values) for values in zip(*each, strict=True))
        print(f"{way}: {wall:.2f} s, {processor:.2f} s of the processor")
    ratio = statistics.median(
        one[0] / other[0] for one, other in zip(seconds["pyramid"], seconds["copy"], strict=True)
    )
    print(f"{side}^3 voxels of float16: the pyramid takes {ratio:.2f} times as long as the copy")


def coarser(path: Path, ledger: Ledger) -> None:
    for _ in write_pyramid(path, 3, "mean", ledger, Threads(2)):
        pass


def copied(source: Path, target: Path) -> None:
    """Durably."""
    shutil.copytree(source, target)
    for folder, _, names in os.walk(target):
        for name in names:
            sync_file(Path(folder) / name)
    shutil.rmtree(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=500)
    parser.add_argument("--side", type=int, default=384, help="voxels of the volume of the pyramid")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        blocks(Path(name), options.blocks, options.rounds)
        pyramid(Path(name), options.side, options.rounds)


if __name__ == "__main__":
    main()
