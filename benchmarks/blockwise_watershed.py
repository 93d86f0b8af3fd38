"""Mutex watershed of affinities that lie on the disk: block by block against the whole at once.

    python benchmarks/blockwise_watershed.py
    python benchmarks/blockwise_watershed.py --run RUN --prediction P.zarr --side 250 --block 126

Both read the same stored affinities and write the ids, each in a process of its own: compared are processor
time, the peak of memory, and how the results differ (variation of information). The affinities are those of
generated neurites with noise, or what a run of Affinities predicted (`napari-dacapo apply`).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.segmentation import segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.samples.neurites import neurites
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Parameters

PARAMETERS = {"bias": 0.5, "min_size": 20}
WORLD: dict[str, Any] = {"voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
NOISE = 0.15  # of a network that is no oracle


def task_of(run: Path | None) -> Affinities:
    task = Affinities() if run is None else RunFolder(run, run.parents[1]).saved_run().task
    if not isinstance(task, Affinities):
        raise SystemExit(f"{run} has learned {type(task).__name__}; give a run of Affinities")
    return task


def parameters_of(task: Affinities) -> Parameters:
    return {**task.parameter_grid()[0], **PARAMETERS}


def generated(side: int) -> NDArray[np.uint8]:
    """(c, z, y, x) what a network that is no oracle says of generated neurites."""
    labels = neurites((side,) * 3).labels.astype(np.uint64)
    task, coding = Affinities(), Coding("uint8")
    before, after = task.padding(WORLD["voxel_size"])
    padded = np.pad(labels, list(zip(before, after, strict=True)), mode="reflect")
    target, _ = task.target(padded, np.ones(padded.shape, np.bool_), WORLD["voxel_size"])
    rng = np.random.default_rng(0)
    noisy = (each + rng.normal(0, NOISE, each.shape).astype(np.float32) for each in target)
    return np.stack([coding.encode(each) for each in noisy])


def stored(prediction: Path, side: int) -> NDArray[Any]:
    return np.asarray(open_own(prediction)[(slice(None), *(slice(side),) * 3)])


def write_affinities(folder: Path, values: NDArray[Any], block: int) -> None:
    create_ome_zarr(
        folder / "prediction.zarr",
        axes="czyx",
        shape=values.shape,
        dtype=values.dtype,
        chunks=(1, *(block // 2,) * 3),
        shards=(len(values), *(block,) * 3),
        **WORLD,
    )
    open_own(folder / "prediction.zarr")[:] = values


def coding_of(folder: Path) -> Coding:
    dtype = open_own(folder / "prediction.zarr").dtype
    return Coding("uint8" if dtype == np.uint8 else "float16" if dtype == np.float16 else "float32")


def whole(folder: Path, task: Affinities, side: int) -> None:
    values = coding_of(folder).decode(np.asarray(open_own(folder / "prediction.zarr")[:]))
    ids = task.segment(values, parameters_of(task))
    create_ome_zarr(
        folder / "whole.zarr", axes="zyx", shape=(side,) * 3, dtype=ids.dtype, chunks=(64,) * 3, **WORLD
    )
    open_own(folder / "whole.zarr")[:] = ids


def in_blocks(folder: Path, task: Affinities, side: int, block: int, halo: int) -> None:
    segmenting = Segmenting(
        method=task,
        parameters=parameters_of(task),
        prediction=folder / "prediction.zarr",
        coding=coding_of(folder),
        target=folder / "blocks.zarr",
        world={**WORLD, "axes": "zyx", "chunks": (block // 2,) * 3, "coarser": ()},
        work=folder / "work",
        grid=Grid((side,) * 3, (block,) * 3),
        halo=(halo,) * 3,
    )
    for _ in segment_blocks(segmenting, Ledger.open(folder / "ledger.jsonl", {}, {}), Threads(1)):
        pass


def measured(words: list[str]) -> dict[str, float]:
    command = [sys.executable, __file__, *words]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=256, help="voxels of the volume along each axis")
    parser.add_argument("--block", type=int, default=128, help="voxels of a block along each axis")
    parser.add_argument("--halo", type=int, default=32, help="voxels seen around a block")
    parser.add_argument("--only", choices=("whole", "blocks"), help="one of both, in this process")
    parser.add_argument("--run", type=Path, help="folder of a run of Affinities")
    parser.add_argument(
        "--prediction", type=Path, help="what that run predicted, at least as large as `side`"
    )
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.only:
        task = task_of(options.run)
        idle, began = _peak(), time.process_time()
        if options.only == "whole":
            whole(options.folder, task, options.side)
        else:
            in_blocks(options.folder, task, options.side, options.block, options.halo)
        print(json.dumps({"seconds": time.process_time() - began, "peak": _peak(), "idle": idle}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = options.prediction
        values = generated(options.side) if given is None else stored(given, options.side)
        write_affinities(folder, values, options.block)
        words = [f"--{key}={getattr(options, key)}" for key in ("side", "block", "halo")]
        words += [f"--run={options.run}"] if options.run else []
        rows = {way: measured(["--only", way, "--folder", name, *words]) for way in ("whole", "blocks")}
        table = Contingency.of(*(np.asarray(open_own(folder / f"{way}.zarr")[:]) for way in rows))
        between = VariationOfInformation().of(table)
    for way, row in rows.items():
        above = row["peak"] - row["idle"]
        print(
            f"{way}: {row['seconds']:.1f} s of the processor, {row['peak']:.0f} MiB ({above:.0f} of its own)"
        )
    one, other = rows["blocks"], rows["whole"]
    print(
        f"in blocks: {one['seconds'] / other['seconds']:.2f} times the processor time, "
        f"{(one['peak'] - one['idle']) / (other['peak'] - other['idle']):.2f} times the memory; {between}"
    )


def _peak() -> float:
    """MiB of memory this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
