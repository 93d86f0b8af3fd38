"""Training and validation, against DaCapo's own loop.

    .venv/bin/python benchmarks/against_dacapo.py --peer-python ../dacapo/bin/python

The peer is a Python that has dacapo-ml 0.3.5 as of late 2024; docs/results.md tells how to make one. DaCapo
stores a run and trains it, and so do we: its project is taken over as `import-dacapo` does, so that volume,
network, task, augmentations, learning rate and iterations are the same. Both train in bursts of a few
iterations, in turns, on one torch thread each, in processes of their own.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import mannwhitneyu

from napari_dacapo.arrays.file import File
from napari_dacapo.experiments.results.comparison import best_row, mean_rows
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Predicted, Saved, TrainStep, Validation, result_of
from napari_dacapo.experiments.training.train import train
from napari_dacapo.from_dacapo.project import bring
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.store.workspace import Workspace

BIASES = (0.1, 0.25, 0.5, 0.75, 0.9)  # those DaCapo tries
CELL = 20  # voxels across
LEFT_OUT = 3  # first iterations, in which both warm up
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
IMPORTS = {
    "DaCapo": "import dacapo",
    "ours, with torch": "import torch; import napari_dacapo.experiments.training.train",
    "ours": "import napari_dacapo.experiments.training.train",
}


def main() -> None:
    options = _options()
    if options.ours:
        _train_ours(Path(options.ours), options.burst)
        return
    with tempfile.TemporaryDirectory(dir=options.work) as name:
        folder = Path(name)
        _write_volumes(folder, options)
        if options.imports:
            _print_imports(options)
        _print_training(folder, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer-python", type=Path, required=False, help="a Python that has dacapo-ml")
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--interval", type=int, default=30, help="iterations from one validation to the next")
    parser.add_argument("--burst", type=int, default=5, help="iterations in turns")
    parser.add_argument("--augment", choices=("tutorial", "none"), default="tutorial")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="reached after 1000 iterations")
    parser.add_argument("--own-network", action="store_true", help="ours without the wide last way up")
    parser.add_argument("--imports", type=int, default=3, help="times that both are imported; 0: never")
    parser.add_argument("--train-size", type=int, default=160)
    parser.add_argument("--test-size", type=int, default=96)
    parser.add_argument("--work", type=Path, default=None, help="where to put what is written meanwhile")
    parser.add_argument("--ours", help=argparse.SUPPRESS)  # the workspace in which our process trains
    return parser.parse_args()


def _write_volumes(folder: Path, options: argparse.Namespace) -> None:
    for split, size, seed in (("train", options.train_size, 0), ("test", options.test_size, 1)):
        raw, labels = _cells(size, seed)
        np.save(folder / f"{split}_raw.npy", raw)
        np.save(folder / f"{split}_labels.npy", labels)


def _cells(size: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Raw and labels, (z, y, x): the cells of a Voronoi diagram, dark membranes between them, noise."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros((size,) * 3, np.uint32)
    places = rng.integers(0, size, (3, max(8, (size // CELL) ** 3)))
    seeds[tuple(places)] = np.arange(1, places.shape[1] + 1)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    labels = seeds[tuple(nearest)]
    highest, lowest = ndimage.maximum_filter(labels, 3), ndimage.minimum_filter(labels, 3)
    membrane = highest != lowest
    bright = ndimage.gaussian_filter(np.where(membrane, 0.2, 0.8), 1.0) + rng.normal(0, 0.08, labels.shape)
    return (255 * bright.clip(0, 1)).astype(np.uint8), labels


def _print_imports(options: argparse.Namespace) -> None:
    pythons = {"DaCapo": options.peer_python, "ours": sys.executable, "ours, with torch": sys.executable}
    code = "import time; began = time.perf_counter(), time.process_time(); {}; "
    code += "print('took', time.perf_counter() - began[0], time.process_time() - began[1])"
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in IMPORTS}
    for _ in range(options.imports + 1):
        for name, statement in IMPORTS.items():
            command = [str(pythons[name]), "-W", "ignore", "-c", code.format(statement)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env=os.environ | ONE_THREAD
            )
            wall, processor = done.stdout.splitlines()[-1].split()[1:]
            found[name].append((float(wall), float(processor)))
    print("| import | seconds | processor seconds |\n| --- | ---: | ---: |")
    for name, times in found.items():
        walls, processors = zip(*times[1:], strict=True)  # the first finds a cold disk
        print(f"| {name} | {statistics.median(walls):.2f} | {statistics.median(processors):.2f} |")
    print(flush=True)


def _print_training(folder: Path, options: argparse.Namespace) -> None:
    runner = Path(__file__).with_name("dacapo_loop.py")
    numbers = [str(each) for each in (options.iterations, options.interval, options.burst)]
    rate = str(options.learning_rate)
    theirs = [str(options.peer_python), str(runner), str(folder), *numbers, options.augment, rate]
    with ExitStack() as running:
        sides = {"DaCapo": running.enter_context(_process(theirs, folder / "dacapo.log"))}
        next(sides["DaCapo"])  # the data and the run are there now
        ours = [
            sys.executable,
            __file__,
            "--ours",
            str(_workspace(folder, options)),
            "--burst",
            str(options.burst),
        ]
        sides["ours"] = running.enter_context(_process(ours, folder / "ours.log"))
        next(sides["ours"])
        results = _in_turns(sides)
    _print_rows(results)
    _print_scores(folder, results["ours"]["told_apart"])


def _workspace(folder: Path, options: argparse.Namespace) -> Path:
    """A workspace with DaCapo's run, which tries as many parameters in validation as DaCapo does."""
    workspace = Workspace(folder / "ours")
    result_of(bring(folder / "dacapo", workspace))
    run = workspace.store.read(Run, "bench")
    postprocessor = MutexWatershed(bias=BIASES, foreground=(0.0,), min_size=(0,))
    run = run.replace(task=run.task.replace(postprocessor=postprocessor))
    if options.own_network:
        run = run.replace(architecture=run.architecture.replace(wide_last_rise=False))
    workspace.store.save(Run, "bench", run, overwrite=True)
    return workspace.path


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """A process whose answers are lines of JSON; asking for the next one lets it go on."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stderr=errors, env=os.environ | ONE_THREAD, **pipes) as process,
    ):
        yield _answers(process, log)
        process.kill()


def _answers(process: "subprocess.Popen[str]", log: Path) -> Iterator[dict[str, Any]]:
    assert process.stdin is not None and process.stdout is not None
    while line := process.stdout.readline():
        yield json.loads(line)
        with suppress(BrokenPipeError):  # that was its last one
            os.write(process.stdin.fileno(), b"\n")
    if process.wait() != 0:
        raise SystemExit(f"failed:\n{log.read_text()[-2000:]}")


def _in_turns(sides: dict[str, Iterator[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Every number of both, a burst of one after a burst of the other."""
    found: dict[str, dict[str, Any]] = {name: {"iterations": []} for name in sides}
    running = dict(sides)
    while running:
        for name in list(running):
            answer = next(running[name], None)
            if answer is None:
                del running[name]
                continue
            found[name]["iterations"] += answer.pop("iterations")
            found[name] |= answer
            print(f"{name}: {len(found[name]['iterations'])} iterations", file=sys.stderr, flush=True)
    return found


def _train_ours(workspace: Path, burst: int) -> None:
    """What `dacapo_loop.py` does, with our loop."""
    folder = RunFolder(Workspace(workspace).run_folder("bench"), workspace)
    run = Workspace(workspace).store.read(Run, "bench")
    iterations: list[list[float]] = []
    validations: list[list[float]] = []
    told: dict[int, float] = {}
    labels = np.load(workspace.parent / "test_labels.npy")
    _say({"iterations": []})
    sys.stdin.readline()
    with closing(train(run, folder, "cpu", threads=1)) as steps:
        began = validating = (time.perf_counter(), time.process_time())
        for step in steps:
            if isinstance(step, TrainStep):
                iterations.append([*_since(began), step.waited])
                if step.iteration % burst == 0 and step.iteration < run.iterations:
                    _say({"iterations": iterations[-burst:]})
                    sys.stdin.readline()
            elif isinstance(step, Saved) and not step.best_by:
                validating = (time.perf_counter(), time.process_time())
            elif isinstance(step, Validation) and step.done == step.of:
                validations.append(_since(validating))
            if isinstance(step, Saved) and len(told) < len(validations):
                (stored,) = folder.validation.glob(f"{step.iteration:09d}/*/prediction.zarr")
                told[step.iteration] = _told_apart(_read(stored), labels)
            if not isinstance(step, Predicted):
                began = (time.perf_counter(), time.process_time())
    import torch

    _say(
        {
            "iterations": iterations[-(len(iterations) % burst or burst) :],
            "validations": validations,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "disk_bytes": sum(file.stat().st_size for file in folder.path.rglob("*") if file.is_file()),
            "parameters": run.architecture.parameter_count(1) + 3 * (run.architecture.output_channels + 1),
            "threads": torch.get_num_threads(),
            "told_apart": told,
        }
    )


def _since(began: tuple[float, float]) -> list[float]:
    return [time.perf_counter() - began[0], time.process_time() - began[1]]


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _print_rows(results: dict[str, dict[str, Any]]) -> None:
    names = ("seconds per iteration", "processor seconds", "waiting for data", "validation, seconds")
    print(
        "| | "
        + " | ".join((*names, "processor seconds", "peak MiB", "disk MiB", "weights", "threads"))
        + " |"
    )
    print("| --- |" + " ---: |" * 9)
    for name, found in results.items():
        wall, processor, waited = _medians(found["iterations"][LEFT_OUT:])
        validation, validating = _medians(found["validations"])
        cells = (
            *(f"{wall:.3f}", f"{processor:.3f}", f"{100 * waited / wall:.0f} %"),
            *(f"{validation:.1f}", f"{validating:.1f}"),
            *(f"{found['peak_mib']:.0f}", f"{found['disk_bytes'] / 2**20:.1f}"),
            *(f"{found['parameters']:,}", str(found["threads"])),
        )
        print(f"| {name} | " + " | ".join(cells) + " |")
    print(flush=True)


def _medians(rows: list[list[float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def _print_scores(folder: Path, told: dict[str, float]) -> None:
    """Both by our scores, VI the best over the same biases; DaCapo's prediction is the one it stored.

    That is in bytes, from which DaCapo itself takes biases of 0 to 1: all becomes one object.
    """
    workspace = Workspace(folder / "ours")
    run = RunFolder(workspace.run_folder("bench"), workspace.path).saved_run()
    rows = mean_rows(History(workspace.run_folder("bench")).read().validations)
    labels = np.load(folder / "test_labels.npy")
    known = np.ones(labels.shape, np.bool_)
    print("| iteration | DaCapo, VI | ours, VI | DaCapo, told apart | ours, told apart |")
    print("| ---: |" + " ---: |" * 4)
    for iteration in sorted({row.iteration for row in rows}):
        prediction = _read(folder / f"dacapo/bench/validation.zarr/{iteration}/test/prediction")
        grid = run.task.parameter_grid()
        scores = [run.task.score(run.task.segment(prediction, each), labels, known) for each in grid]
        theirs = min(each["voi_sum"] for each in scores)
        best = best_row(run.task.criteria()[0], [row for row in rows if row.iteration == iteration])
        ours = "-" if best is None else f"{best.scores['voi_sum']:.3f}"
        apart = f"{_told_apart(prediction, labels):.3f} | {told[str(iteration)]:.3f}"
        print(f"| {iteration} | {theirs:.3f} | {ours} | {apart} |")


def _read(path: Path) -> NDArray[np.float32]:
    """A prediction, (c, z, y, x), of values in [0, 1]."""
    stored = File(path=str(path)).open(path.parent)
    values = stored.read((0,) * 3, stored.spatial_shape)
    return np.asarray(values, np.float32) / np.float32(255 if stored.dtype == np.uint8 else 1)


def _told_apart(prediction: NDArray[np.float32], labels: NDArray[np.uint32]) -> float:
    """How probably neighbours in one object get a higher affinity than those in two: 0.5 by chance.

    That is the area under the receiver's curve, from the ranks (Mann and Whitney 1947).
    """
    joined, parted = [], []
    for axis, affinity in enumerate(prediction[:3]):  # the next voxel along each axis
        here, there = (np.take(labels, range(i, labels.shape[axis] + i - 1), axis) for i in (0, 1))
        known = np.take(affinity, range(labels.shape[axis] - 1), axis)
        same = here == there
        joined.append(known[same])
        parted.append(known[~same])
    pairs = np.concatenate(joined), np.concatenate(parted)
    return float(mannwhitneyu(*pairs).statistic) / (pairs[0].size * pairs[1].size)


if __name__ == "__main__":
    main()
