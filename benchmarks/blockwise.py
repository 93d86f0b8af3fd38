"""Volumes block by block: memory and speed while the volume grows.

    python benchmarks/blockwise.py

Predicts and segments a generated volume, and one of 64 times the voxels, each in a process of its own: the
peak of memory must not grow. The bare network on as many blocks in memory is the measure of speed.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.ome_zarr import create_ome_zarr
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.predict import Network, plan_blocks
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.pyramid import write_pyramid
from napari_dacapo.blockwise.segmentation import segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.tasks.signed_distance import SignedDistance

UNET = UNet(
    input_shape=(48, 48, 48),
    eval_shape_increase=(0, 0, 0),
    num_fmaps=4,
    fmap_inc_factor=2,
    fmaps_out=1,
    downsample_factors=((2, 2, 2),),
)
TASK = SignedDistance(postprocessor=ConnectedComponents())
THREADS = 3


def generated(side: int) -> Array:
    """Waves that are computed where they are read."""

    def read(slices: tuple[slice, ...]) -> NDArray[np.float32]:
        z, y, x = (np.arange(s.start, s.stop, dtype=np.float32) / 7 for s in slices)
        waves: NDArray[np.float32] = np.sin(z)[:, None, None] * np.sin(y)[:, None] * np.sin(x)
        return waves

    voxel = (1.0,) * 3
    return Array(
        name="waves",
        axes="zyx",
        shape=(side,) * 3,
        dtype=np.dtype(np.float32),
        voxel_size=voxel,
        offset=(0.0,) * 3,
        unit="voxel",
        chunks=(64,) * 3,
        reader=read,
    )


def network() -> Network:
    torch.manual_seed(0)
    net = UNET.build(1).eval()
    computing = threading.Lock()

    def forward(raw: NDArray[Any]) -> NDArray[np.float32]:
        with computing, torch.inference_mode():
            output: NDArray[np.float32] = net(torch.from_numpy(raw[None, None]))[0].numpy()
        return output

    return Network(UNET, forward, (UNET.validation_patch,))


def work(side: int) -> None:
    """Predict and segment in this process; prints what it took as JSON."""
    torch.set_num_threads(1)
    idle = _peak()
    shape, image, net = (side,) * 3, generated(side), network()
    block = plan_blocks(UNET, (0,) * 3, (UNET.input_shape[0] * 4,) * 3, UNET.validation_patch).block_shape
    world: dict[str, Any] = {"voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "voxel"}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        create_ome_zarr(
            place / "prediction.zarr",
            axes="czyx",
            shape=(1, *shape),
            dtype=np.uint8,
            chunks=(1, *block),
            shards=(1, *block),
            coarser=coarser_shapes((1, *shape), 3),
            **world,
        )
        ledger = Ledger.open(place / "ledger.jsonl", {}, {})
        coding = Coding("uint8", -1, 1)
        act = PredictBlock(lambda: net, lambda: image, (0,) * 3, (1,) * 3, coding, place / "prediction.zarr")
        grid = Grid(shape, block)
        predicting = _seconds(run_stage("predicting", act, grid.blocks(), ledger, Threads(THREADS)))
        segmenting = Segmenting(
            method=TASK,
            parameters={"threshold": 0.0, "min_size": 20},
            prediction=place / "prediction.zarr",
            coding=coding,
            target=place / "segmentation.zarr",
            world={**world, "axes": "zyx", "chunks": block, "coarser": coarser_shapes(shape, 3)},
            work=place / "work",
            grid=Grid(shape, tuple(2 * n for n in block)),
            halo=(8, 8, 8),
        )
        objects = _seconds(segment_blocks(segmenting, ledger, Threads(1)))
        levels = _seconds(write_pyramid(place / "prediction.zarr", 3, "mean", ledger, Threads(THREADS)))
    told = {"blocks": grid.count, "idle": idle, "peak": _peak(), "bare": _bare(net, grid.count)}
    print(json.dumps({**told, "predicting": predicting, "segmenting": objects, "levels": levels}))


def _bare(net: Network, blocks: int) -> float:
    """Seconds that the network alone would take for so many blocks, from ten that lie in memory."""
    raw, ten = generated(UNET.validation_patch[0]), 10
    inner = plan_blocks(UNET, (8,) * 3, (32,) * 3, UNET.validation_patch)
    began = time.perf_counter()
    for _ in range(ten):
        net.predict(raw, inner.start, inner.block_shape)
    return (time.perf_counter() - began) / ten * blocks


def _seconds(steps: Any) -> float:
    began = time.perf_counter()
    for _ in steps:
        pass
    return time.perf_counter() - began


def _peak() -> float:
    """MiB of memory this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=64, help="voxels of the small volume along each axis")
    parser.add_argument(
        "--only", type=int, help="one volume of so many voxels along each axis, in this process"
    )
    options = parser.parse_args()
    if options.only:
        work(options.only)
        return
    rows = []
    for side in (options.side, 4 * options.side):
        words = [sys.executable, __file__, "--only", str(side)]
        rows.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
        row = rows[-1]
        speed = row["bare"] / row["predicting"]
        print(
            f"{side}^3: {row['blocks']} blocks, {row['peak']:.0f} MiB at most ({row['idle']:.0f} before), "
            f"predicting {row['predicting']:.1f} s ({speed:.2f} of the bare network), "
            f"segmenting {row['segmenting']:.1f} s, levels {row['levels']:.1f} s"
        )
    print(f"64 times the voxels: {rows[1]['peak'] / rows[0]['peak']:.3f} times the memory")


if __name__ == "__main__":
    main()
