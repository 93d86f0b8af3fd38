"""How fast the suggested trainer begins to learn: the loss of the first iterations on the generated neurites.

python benchmarks/first_iterations.py --iterations 120
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.suggesting.suggest import suggest_for
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.samples.neurites import neurites
from napari_dacapo.trainers.trainer import Trainer

PLACES = (25, 50, 75, 100, 200)
MEAN_OF = 10  # iterations up to each place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=120)
    iterations = parser.parse_args().iterations
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        run = suggested_run(root, iterations)
        slow = {"optimizer": "RAdam", "warmup_iterations": 100}
        for title, trainer in (
            ("suggested", run.trainer),
            ("RAdam, warm-up 100", run.trainer.replace(**slow)),
        ):
            print(title, losses(run, trainer, RunFolder(root / title, root)), flush=True)


def suggested_run(root: Path, iterations: int) -> Run:
    sample = neurites()
    world: dict[str, Any] = {"voxel_size": sample.voxel_size, "offset": (0.0, 0.0, 0.0), "unit": sample.unit}
    write_ome_zarr(root / "raw.zarr", sample.raw, axes="zyx", **world)
    write_ome_zarr(root / "labels.zarr", sample.labels, axes="zyx", **world)
    dataset = Dataset(title="neurites", raw=File(path="raw.zarr"), labels=File(path="labels.zarr"))
    datasplit = HeldOutSlab(dataset=dataset)
    found = suggest_for(datasplit.training(root), "cpu")
    return Run(
        datasplit=datasplit,
        architecture=found.architecture,
        task=found.task,
        trainer=found.trainer,
        iterations=iterations,
    )


def losses(run: Run, trainer: Trainer, folder: RunFolder) -> dict[int, float]:
    """The mean loss of the ten iterations up to each place."""
    session = Session.begin(run.replace(trainer=trainer), folder, "cpu")
    batches = session.batches.following(0)
    found = np.array([session.learn(next(batches)) for _ in range(run.iterations)])
    batches.close()
    return {n: round(float(found[n - MEAN_OF : n].mean()), 3) for n in PLACES if n <= run.iterations}


if __name__ == "__main__":
    main()
