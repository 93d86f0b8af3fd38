"""A volume predicted and segmented block by block, in processes that are killed again and again.

    python benchmarks/kills.py --side 45 --kills 50

729 blocks of 5 voxels a side. What is written must be bit for bit what an uninterrupted process writes, and a
kill costs no more than the blocks that were at work.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import create_ome_zarr
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.segmentation import segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.files import append_line, make_folder
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.tasks.signed_distance import SignedDistance

BLOCK, SEGMENTED, THREADS = 5, 20, 2
WORLD: dict[str, Any] = {"voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "voxel"}
TASK = SignedDistance(postprocessor=ConnectedComponents())
CODING = Coding("float32", -1, 1)
IMAGES = ("prediction.zarr", "segmentation.zarr")


class Fast:
    """What it predicts is the image."""

    def predict(self, raw: Array, start: Voxels, shape: Voxels) -> NDArray[np.float32]:
        return raw.read(start, shape).astype(np.float32)[None]


@dataclass(frozen=True, slots=True)
class Told:
    """Tells of every block that is begun."""

    act: PredictBlock
    log: Path

    def __call__(self, block: Block) -> None:
        append_line(self.log, str(block.start))
        self.act(block)


def work(output: Path, side: int, log: Path) -> None:
    """All that is not done yet in the folder."""
    shape, path = (side,) * 3, output / IMAGES[0]
    noise = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    image = from_numpy(noise, "zyx", (1.0,) * 3)
    sides = {"chunks": (1, *(BLOCK,) * 3), "shards": (1, *(BLOCK,) * 3), "dtype": np.float32}
    if not path.exists():
        create_ome_zarr(path, axes="czyx", shape=(1, *shape), **sides, **WORLD)  # type: ignore[arg-type]
    make_folder(output / ".blocks")
    ledger = Ledger.open(output / ".blocks" / "ledger.jsonl", {}, {})
    network = cast(Network, Fast())
    act = PredictBlock(lambda: network, lambda: image, (0,) * 3, (1,) * 3, CODING, path)
    blocks = Grid(shape, (BLOCK,) * 3).blocks()
    for _ in run_stage("predicting", Told(act, log), blocks, ledger, Threads(THREADS)):
        pass
    of = Segmenting(
        method=TASK,
        parameters={"threshold": 0.2, "min_size": 3},
        prediction=path,
        coding=CODING,
        target=output / IMAGES[1],
        world={**WORLD, "axes": "zyx", "chunks": (BLOCK,) * 3, "coarser": coarser_shapes(shape, 3)},
        work=output / ".blocks" / "work",
        grid=Grid(shape, (SEGMENTED,) * 3),
        halo=(4,) * 3,
    )
    for _ in segment_blocks(of, ledger, Threads(THREADS)):
        pass


def killed(output: Path, side: int, kills: int, dice: random.Random, log: Path) -> int:
    """Work in processes of which so many are killed, each after some blocks; gives how many were."""
    done, most = 0, 2 * Grid((side,) * 3, (BLOCK,) * 3).count // kills
    while True:
        child = _begun(output, side, log)
        if done < kills:
            _await_blocks(output / ".blocks" / "ledger.jsonl", dice.randint(1, most), child)
            time.sleep(0.005 * dice.random())
            os.kill(child, signal.SIGKILL)  # nothing happens to one that has ended: nobody awaited it yet
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return done
        done += 1


def _begun(output: Path, side: int, log: Path) -> int:
    """A process that works; this one never does, so that it has no threads that a fork would lose."""
    child = os.fork()
    if not child:
        work(output, side, log)
        os._exit(0)
    return child


def _await_blocks(ledger: Path, count: int, child: int) -> None:
    """Until so many more blocks are finished, or the child has ended."""
    there = _lines(ledger)
    while _lines(ledger) < there + count:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.001)


def _lines(ledger: Path) -> int:
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def written(output: Path) -> dict[str, bytes]:
    files = (file for name in IMAGES for file in (output / name).rglob("*") if file.is_file())
    return {str(file.relative_to(output)): file.read_bytes() for file in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=40, help="voxels of the volume along each axis")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place, log = Path(folder), Path(folder) / "begun.txt"
        os.waitpid(_begun(place / "uninterrupted", options.side, Path(folder) / "whole.txt"), 0)
        kills = killed(place / "killed", options.side, options.kills, random.Random(options.seed), log)
        blocks = Grid((options.side,) * 3, (BLOCK,) * 3).count
        again = len(log.read_text().splitlines()) - blocks
        there, wanted = written(place / "killed"), written(place / "uninterrupted")
        differing = sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
    told = {"blocks": blocks, "kills": kills, "again": again, "at_work": THREADS, "differing": differing}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
