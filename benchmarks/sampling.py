"""Training patches per CPU second, against gunpowder, and how long training waits for data.

    .venv/bin/python benchmarks/sampling.py --peer-python ../gunpowder/bin/python

A patch of raw and labels is bent, rotated, mirrored, transposed and varied in intensity, as in DaCapo's
tutorial. The peer is any Python that has gunpowder 1.4; without one, its row is left out. Both make patches
in turns, on one thread each, of the same volume in memory: the ratio of their CPU times is what counts.
Then a U-Net trains for some iterations while a thread prepares its batches, and more threads prepare
batches beside nothing, as beside a GPU; on a machine with as many cores at rest.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.experiments.training.batches import Batches
from napari_dacapo.experiments.training.train import train
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.sampler import Sampler
from napari_dacapo.trainers.trainer import Trainer

AUGMENTS: tuple[Augment, ...] = (
    Mirror(),
    Transpose(),
    Rotate(lowest=0.0, highest=90.0),
    Elastic(control_point_spacing=100.0, control_point_displacement_sigma=10.0, subsample=8),
    IntensityScaleShift(lowest_scale=0.25, highest_scale=1.75, lowest_shift=-0.5, highest_shift=0.35),
)
NEIGHBORHOOD = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 0, 0), (0, 3, 0), (0, 0, 3))
AIM = 15.0  # times gunpowder
MOST_WAITING = 0.05  # of an iteration
FEEDERS = (1, 2, 4, 8)  # threads
BESIDE_NOTHING = 40  # batches
FILLING = 30  # patches, after which most of the volume is cached
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Maker = Callable[[], float]  # makes one patch and gives the CPU seconds that took


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw, labels = _volume(options.volume)
        for title, values in (("raw", raw), ("labels", labels)):
            np.save(folder / f"{title}.npy", values)
        with _gunpowder(folder, options) as peer:
            makers = {"napari-dacapo": _ours(raw, labels, options.size)} | peer
            _print_rows(_interleaved(makers, options.repeats), options)
        if options.iterations:
            part = (slice(160),) * 3
            _print_waiting(folder, (255 * raw[part]).astype(np.uint8), labels[part], options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer-python", type=Path, help="a Python that has gunpowder")
    parser.add_argument("--size", type=int, default=132, help="side of the patch in voxels")
    parser.add_argument("--volume", type=int, default=320, help="side of the volume in voxels")
    parser.add_argument("--repeats", type=int, default=15, help="patches of each")
    parser.add_argument("--iterations", type=int, default=30, help="of the training; 0: none")
    parser.add_argument("--num-fmaps", type=int, default=12)
    parser.add_argument("--fmap-inc-factor", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="that compute, beside the one that prepares")
    return parser.parse_args()


def _volume(side: int) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
    """Raw in [0, 1] and labels, (z, y, x): cubic cells with noise."""
    places = np.indices((side,) * 3, np.uint64) // 24
    labels = 1 + (places * np.array([1, 37, 1369], np.uint64).reshape(3, 1, 1, 1)).sum(0)
    noise = np.random.default_rng(0).random((side,) * 3, np.float32)
    return 0.5 * noise + (labels / (2 * labels.max())).astype(np.float32), labels


def _ours(raw: NDArray[np.float32], labels: NDArray[np.uint64], size: int) -> Maker:
    """Of places about which the volume goes on as far as gunpowder wants it to."""
    arrays = [from_numpy(values, "zyx", (1.0,) * 3) for values in (raw, labels)]
    margin = size / 4
    dataset = OpenDataset(
        title="cells",
        raw=arrays[0],
        labels=arrays[1],
        known=None,
        region=Box((margin,) * 3, tuple(n - margin for n in raw.shape)),
        excluded=None,
        weight=1,
        points=(),
    )
    trainer = Trainer(augments=AUGMENTS, sampling="uniform")
    nothing = ((0,) * 3, (0,) * 3)
    sampler = Sampler((dataset,), trainer, 0, (size,) * 3, (size,) * 3, (1,) * 3, nothing)
    iterations = count()
    for iteration in islice(iterations, FILLING):
        sampler.sample(iteration, 0)

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
    """CPU seconds of each patch, after one of each that is not counted."""
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


def _print_waiting(
    folder: Path, raw: NDArray[np.uint8], labels: NDArray[np.uint64], options: argparse.Namespace
) -> None:
    """Train, and see how long each iteration waits for its batch; the first always does, and is left out."""
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(folder / "raw.zarr", raw, **world)
    write_ome_zarr(folder / "labels.zarr", labels, **world)
    unet = UNet(num_fmaps=options.num_fmaps, fmap_inc_factor=options.fmap_inc_factor, input_shape=(92,) * 3)
    run = Run(
        datasplit=ListedDatasets(
            normalization=FixedRange(low=0.0, high=255.0),
            train=(Dataset(raw=File(path="raw.zarr"), labels=File(path="labels.zarr")),),
            validate=(),
        ),
        architecture=unet,
        task=Affinities(neighborhood=NEIGHBORHOOD),
        trainer=Trainer(augments=AUGMENTS, loader_threads=1),
        iterations=options.iterations,
    )
    batches = Batches.of(run, run.datasplit.training(folder), TrainingSize(1, (92,) * 3))
    preparing = _seconds_of_a_batch(batches)
    with closing(train(run, RunFolder(folder / "run", folder), "cpu", options.threads)) as steps:
        later = [step for step in steps if isinstance(step, TrainStep)][1:]
    seconds, waited = sum(step.seconds for step in later), sum(step.waited for step in later)
    maps = f"{options.num_fmaps} maps x {options.fmap_inc_factor}"
    print(f"\nU-Net, {maps}, {unet.input_patch} -> {unet.output_shape(unet.input_patch)}")
    print(
        f"{len(later)} iterations of {seconds / len(later):.2f} s, "
        f"{100 * waited / seconds:.1f} % of it waiting for data (aim below {100 * MOST_WAITING:.0f} %)"
    )
    print(f"a thread prepares a batch in {preparing:.3f} CPU s: it keeps up with iterations of that length")
    for threads in FEEDERS:
        print(f"{threads} threads: a batch every {_seconds_between(batches, threads):.3f} s")


def _seconds_of_a_batch(batches: Batches) -> float:
    """The median CPU time of preparing one, targets included."""
    seconds = []
    for iteration in range(FILLING):
        began = time.process_time()
        batches.at(iteration)
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def _seconds_between(batches: Batches, threads: int) -> float:
    """From one batch to the next, where nothing is computed meanwhile."""
    with closing(replace(batches, threads=threads).following(0)) as following:
        next(following)
        began = time.perf_counter()
        for _ in islice(following, BESIDE_NOTHING):
            pass
        return (time.perf_counter() - began) / BESIDE_NOTHING


if __name__ == "__main__":
    main()
