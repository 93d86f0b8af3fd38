"""Training patches per CPU second, against gunpowder, and how long training waits for data.

    .venv/bin/python benchmarks/sampling.py --peer-python ../gunpowder/bin/python

A patch of raw and labels is bent, rotated, mirrored, transposed and varied in intensity, as in DaCapo's
tutorial. The peer is any Python that has gunpowder 1.4; without one, its row is left out. Both make patches
in turns, on one thread each, of the same volume: the ratio of their CPU times is what counts.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.trainers.sampler import Sampler
from napari_dacapo.trainers.trainer import Trainer

AUGMENTS: tuple[Augment, ...] = (
    Mirror(),
    Transpose(),
    Elastic(control_point_spacing=100.0, control_point_displacement_sigma=10.0, subsample=8),
    Rotate(lowest=0.0, highest=90.0),
    IntensityScaleShift(lowest_scale=0.25, highest_scale=1.75, lowest_shift=-0.5, highest_shift=0.35),
)
AIM = 15.0  # times gunpowder
MOST_WAITING = 0.05  # of an iteration
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Maker = Callable[[], float]  # makes one patch and gives the CPU seconds that took


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        dataset = _volume(Path(folder), options.volume)
        with _gunpowder(Path(folder), options) as peer:
            makers = {"napari-dacapo": _ours(dataset, options.size)} | peer
            _print_rows(_interleaved(makers, options.repeats), options)
    _print_waiting(dataset, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer-python", type=Path, help="a Python that has gunpowder")
    parser.add_argument("--size", type=int, default=132, help="side of the patch in voxels")
    parser.add_argument("--volume", type=int, default=384, help="side of the volume in voxels")
    parser.add_argument("--repeats", type=int, default=15, help="patches of each")
    parser.add_argument("--iterations", type=int, default=30, help="of the training that waits for data")
    parser.add_argument("--num-fmaps", type=int, default=12)
    parser.add_argument("--fmap-inc-factor", type=int, default=5)
    return parser.parse_args()


def _volume(folder: Path, side: int) -> OpenDataset:
    """Cubic cells with noise; the peer reads the same from files."""
    places = np.indices((side,) * 3, np.uint64) // 24
    labels = 1 + (places * np.array([1, 37, 1369], np.uint64).reshape(3, 1, 1, 1)).sum(0)
    noise = np.random.default_rng(0).random((side,) * 3, np.float32)
    raw = 0.5 * noise + (0.5 / labels.max() * labels).astype(np.float32)
    for name, values in (("raw", raw), ("labels", labels)):
        np.save(folder / f"{name}.npy", values)
    arrays = [from_numpy(values, "zyx", (1.0,) * 3) for values in (raw, labels)]
    return OpenDataset(
        title="cells",
        raw=arrays[0],
        labels=arrays[1],
        known=None,
        region=arrays[0].box,
        excluded=None,
        weight=1,
        points=(),
    )


def _ours(dataset: OpenDataset, size: int) -> Maker:
    trainer = Trainer(augments=AUGMENTS, sampling="uniform")
    nothing = ((0,) * 3, (0,) * 3)
    sampler = Sampler((dataset,), trainer, 0, (size,) * 3, (size,) * 3, (1,) * 3, nothing)
    iterations = iter(range(1_000_000))

    def make() -> float:
        began = time.process_time()
        sampler.sample(next(iterations), 0)
        return time.process_time() - began

    return make


@contextmanager
def _gunpowder(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, Maker]]:
    """Its maker by name; nothing where no peer is given."""
    if options.peer_python is None:
        print("gunpowder is left out: give --peer-python, the path of a Python that has it\n")
        yield {}
        return
    script = Path(__file__).with_name("sampling_gunpowder.py")
    command = [str(options.peer_python), str(script), str(folder), str(options.size)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | ONE_THREAD, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()  # it is ready

        def make() -> float:
            print(file=process.stdin, flush=True)
            return float(process.stdout.readline())

        yield {"gunpowder": make}


def _interleaved(makers: dict[str, Maker], repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each patch, after one of each that is not counted: it compiles, or fills a cache."""
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    for repeat in range(repeats + 1):
        for name, make in makers.items():
            taken = make()
            if repeat:
                seconds[name].append(taken)
    return seconds


def _print_rows(seconds: dict[str, list[float]], options: argparse.Namespace) -> None:
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    print(f"Patches of {options.size}^3, raw float32 and labels uint64, {options.repeats} of each\n")
    print("| | CPU seconds a patch (median) | (least) | patches a CPU second |")
    print("|---|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.3f} | {min(seconds[name]):.3f} | {1 / median:.1f} |")
    if "gunpowder" in medians:
        print(f"\n{medians['gunpowder'] / medians['napari-dacapo']:.1f}x gunpowder (aim {AIM:.0f}x)")


def _print_waiting(dataset: OpenDataset, options: argparse.Namespace) -> None:
    """Train on batches that a thread prepares, and see how long each iteration waits for its own."""


if __name__ == "__main__":
    main()
