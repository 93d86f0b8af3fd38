"""Voxels predicted per second block by block, against the bare network, MONAI and gunpowder.

    python benchmarks/blockwise_predicting.py --scan-python ../gunpowder/bin/python

One U-Net predicts one volume. Ours reads it from a Zarr file in blocks and writes an OME-Zarr, with its list
of finished blocks. The bare network computes the same blocks, which lie in memory, and forgets the result.
MONAI's SlidingWindowInferer has the same weights with same padding, windows as large as a training patch and
its usual overlap of 0.25, from memory to memory; it is left out where it is not installed. Gunpowder scans
the volume, which it has in memory, as DaCapo does, in our blocks, with a Python that has gunpowder and torch.
All take turns, on one thread of the network each: the ratio of their processor times is what counts, with
`--device cuda` that of the clock. One and the same block may take half as long again a minute later, so ours
and the bare network also take turns block by block, which tells most; there by the clock and the processor.
At the end, how fast blocks are read and written where computing takes no time, as beside a fast GPU.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, write_ome_zarr
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.predict import Forward, Network, plan_blocks
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.experiments.applying.volume_plan import FEWEST_THREADS
from napari_dacapo.experiments.compute import choose_compute, prepare_torch
from napari_dacapo.experiments.predicting.transfers import Returning, Transfers

UNET = UNet(num_fmaps=6, fmaps_out=1)
SAME = UNet(num_fmaps=6, fmaps_out=1, padding="same")
BLOCK = UNET.output_shape(UNET.validation_patch)
WORLD: dict[str, Any] = {"voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "voxel"}
RANGE = FixedRange(low=0.0, high=255.0)

FEEDERS = (1, 2, 4, 8)  # threads

Seconds = tuple[float, float]  # of the clock, of the processor


class Computing:
    """A network with valid padding and one with same padding, placed as trained ones are to predict."""

    def __init__(self, device: str) -> None:
        prepare_torch(threads=1 if device == "cpu" else None)
        self.compute = choose_compute(device, "auto", 3).for_prediction(3)
        self.valid, self.same = map(self._network, (UNET, SAME))
        self._transfers = Transfers(self.compute)
        self._computing = ThreadPoolExecutor(1)

    @property
    def on_gpu(self) -> bool:
        return self.compute.device.type == "cuda"

    def _network(self, record: UNet) -> torch.nn.Module:
        torch.manual_seed(0)
        return self.compute.place(record.build(1)).eval()

    def forward(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """As a run computes a block."""
        return self._computing.submit(self._computed, self.brought(raw)).result().array()

    def _computed(self, batch: torch.Tensor) -> Returning:
        with torch.inference_mode():
            return self._transfers.send_back(self.logits(batch).float()[0])

    def brought(self, raw: NDArray[Any]) -> torch.Tensor:
        return self._transfers.bring(np.ascontiguousarray(raw[None, None], np.float32))

    def logits(self, batch: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode(), self.compute.autocast():
            output: torch.Tensor = self.valid(batch)
        return output

    def bare(self, blocks: list[torch.Tensor]) -> None:
        for block in blocks:
            self.logits(block)
        if self.on_gpu:
            torch.cuda.synchronize(self.compute.device)

    def monai(self, raw: NDArray[Any], mode: str) -> None:
        from monai.inferers import SlidingWindowInferer  # type: ignore[import-not-found, attr-defined, unused-ignore]

        inferer = SlidingWindowInferer(
            UNET.input_shape, overlap=0.25, mode=mode, sw_device=self.compute.device, device="cpu"
        )
        with torch.inference_mode(), self.compute.autocast():
            inferer(torch.from_numpy(raw[None, None]), self.same)

    def in_turns(self, folder: Path, side: int, blocks: list[torch.Tensor]) -> tuple[Seconds, Seconds]:
        """Of a CPU, ours and the bare network, which computes a block in memory after each of ours."""
        bare: list[Seconds] = []

        def both(raw: NDArray[Any]) -> NDArray[np.float32]:
            return self._computing.submit(in_turn, self.brought(raw)).result().array()

        def in_turn(batch: torch.Tensor) -> Returning:
            returning = self._computed(batch)
            bare.append(timed(lambda: self.logits(blocks[len(bare)]), time.thread_time))
            return returning

        wall, processor = timed(lambda: ours(folder, side, both))
        theirs, theirs_processor = map(sum, zip(*bare, strict=True))
        return (wall - theirs, processor - theirs_processor), (theirs, theirs_processor)


def ours(folder: Path, side: int, forward: Forward, threads: int = FEWEST_THREADS) -> None:
    """From a file to a file."""
    shape = (side,) * 3
    with tempfile.TemporaryDirectory(dir=folder) as place:
        target = Path(place) / "prediction.zarr"
        create_ome_zarr(
            target,
            axes="czyx",
            shape=(1, *shape),
            dtype="float16",
            chunks=(1, *(n // 2 for n in BLOCK)),
            shards=(1, *BLOCK),
            **WORLD,
        )
        image = RANGE.apply(File(path="raw.zarr").open(folder))
        net = Network(UNET, forward, (UNET.validation_patch,))
        act = PredictBlock(lambda: net, lambda: image, (0,) * 3, (1,) * 3, Coding("float16"), target)
        ledger = Ledger.open(Path(place) / "ledger.jsonl", {}, {})
        for _ in run_stage("predicting", act, Grid(shape, BLOCK).blocks(), ledger, Threads(threads)):
            pass


def seconds_beside(folder: Path, side: int, threads: int) -> float:
    """From block to block, where the network takes no time."""
    noise = np.random.default_rng(0).random((1, *BLOCK), np.float32)

    def at_once(raw: NDArray[Any]) -> NDArray[np.float32]:
        return noise[(slice(None), *map(slice, UNET.output_shape(raw.shape)))]

    wall, _ = timed(lambda: ours(folder, side, at_once, threads))
    return wall / Grid((side,) * 3, BLOCK).count


def blocks_in_memory(image: Array, side: int) -> list[NDArray[np.float32]]:
    """What the network is given for each block."""
    blocks = []

    def keep(block: NDArray[Any]) -> NDArray[np.float32]:
        blocks.append(np.ascontiguousarray(block, np.float32))
        return np.zeros((1, *BLOCK), np.float32)

    plan = plan_blocks(UNET, (0,) * 3, (side,) * 3, UNET.validation_patch)
    for _ in plan.run(keep, image):
        pass
    return blocks


def timed(work: Callable[[], object], processor_time: Callable[[], float] = time.process_time) -> Seconds:
    wall, processor = time.perf_counter(), processor_time()
    work()
    return time.perf_counter() - wall, processor_time() - processor


class Scan:
    """Gunpowder in a process of its own, which scans once for every line it is given."""

    def __init__(self, python: str, folder: Path, network: torch.nn.Module) -> None:
        torch.jit.save(torch.jit.trace(network, torch.zeros(1, 1, *UNET.validation_patch)), folder / "net.pt")  # type: ignore[no-untyped-call]
        script = Path(__file__).with_name("blockwise_gunpowder.py")
        shapes = [str(n) for n in (UNET.validation_patch[0], BLOCK[0])]
        self._process = subprocess.Popen(
            [python, str(script), str(folder), *shapes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def __call__(self) -> Seconds:
        assert self._process.stdin is not None
        print("scan", file=self._process.stdin, flush=True)
        wall, processor = map(float, self._line().split())
        return wall, processor

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def close(self) -> None:
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=2 * BLOCK[0], help="voxels of the volume along each axis")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; gunpowder scans on a CPU")
    parser.add_argument("--scan-python", default="", help="a Python that has gunpowder and torch")
    options = parser.parse_args()
    computing = Computing(options.device)
    threads = max(FEWEST_THREADS, computing.compute.feeders)
    with tempfile.TemporaryDirectory() as name:
        folder, side = Path(name), options.side
        raw = np.random.default_rng(0).integers(0, 256, (side,) * 3).astype(np.uint8)
        write_ome_zarr(folder / "raw.zarr", raw, axes="zyx", **WORLD)
        image = RANGE.apply(File(path="raw.zarr").open(folder))
        np.save(folder / "raw.npy", raw)
        blocks = [computing.brought(block) for block in blocks_in_memory(image, side)]
        whole = image.read((0,) * 3, (side,) * 3)
        ways: dict[str, Callable[[], Seconds]] = {
            "ours, file to file": lambda: timed(lambda: ours(folder, side, computing.forward, threads)),
            "the bare network": lambda: timed(lambda: computing.bare(blocks)),
        }
        if find_spec("monai"):
            for mode in ("constant", "gaussian"):
                ways[f"MONAI, {mode}"] = partial(timed, partial(computing.monai, whole, mode))
        scan = Scan(options.scan_python, folder, computing.valid) if options.scan_python else None
        if scan is not None:
            ways["gunpowder's scan"] = scan
        measured: dict[str, list[Seconds]] = {title: [] for title in ways}
        turns: list[tuple[Seconds, Seconds]] = []
        ours(folder, UNET.stride[0], computing.forward)  # what is done the first time only is not measured
        for _ in range(options.rounds):
            for title, way in ways.items():
                measured[title].append(way())
                wall, processor = measured[title][-1]
                print(f"  {title}: {wall:.1f} s, {processor:.1f} s of the processor", flush=True)
            if not computing.on_gpu:
                turns.append(computing.in_turns(folder, side, blocks))
                print("  in turns, bare: {:.1f} s, {:.1f} s of the processor; ".format(*turns[-1][1]), end="")
                print("ours: {:.1f} s, {:.1f} s of the processor".format(*turns[-1][0]), flush=True)
        if scan is not None:
            scan.close()
        beside = {threads: seconds_beside(folder, side, threads) for threads in FEEDERS}
    counted = 0 if computing.on_gpu else 1  # the clock, or the processor
    mine = [seconds[counted] for seconds in measured["ours, file to file"]]
    print(f"{side}^3 voxels, {len(blocks)} blocks of {BLOCK}, {options.rounds} rounds")
    for title, measurements in measured.items():
        theirs = [seconds[counted] for seconds in measurements]
        ratio = statistics.median(other / own for other, own in zip(theirs, mine, strict=True))
        speed = side**3 / statistics.median(theirs)
        print(f"{title}: {speed:,.0f} voxels a second; ours is {ratio:.2f} times as fast")
    for number, counter in enumerate(("clock", "processor") if turns else ()):
        ratio = statistics.median(bare[number] / own[number] for own, bare in turns)
        print(
            f"the bare network in turns block by block, by the {counter}: ours is {ratio:.2f} times as fast"
        )
    told = ", ".join(f"{threads} threads {1000 * seconds:.0f} ms" for threads, seconds in beside.items())
    print(f"from block to block without computing: {told}")


if __name__ == "__main__":
    main()
