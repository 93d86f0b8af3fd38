"""The smallest run that really trains: two of them fit into a second."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer

UNET = UNet(
    input_shape=(24, 24, 24),
    eval_shape_increase=(8, 8, 8),
    num_fmaps=4,
    fmap_inc_factor=2,
    downsample_factors=((2, 2, 2),),
)
TASK = Affinities(
    neighborhood=((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 3)),
    postprocessor=MutexWatershed(bias=(0.25, 0.5), foreground=(0.2,)),
)


def cells(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells around random points with dark borders: raw uint8 and labels uint16."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros(shape, np.uint16)
    count = max(4, int(np.prod(shape)) // 1000)
    seeds[tuple(rng.integers(0, shape, (count, len(shape))).T)] = np.arange(1, count + 1)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    labels = seeds[tuple(nearest)]
    border = ndimage.grey_dilation(labels, 3) != ndimage.grey_erosion(labels, 3)
    raw = np.where(border, 60, 190) + rng.normal(0, 10, shape)
    return raw.clip(0, 255).astype(np.uint8), labels


def dataset(folder: Path, title: str, shape: tuple[int, ...], seed: int) -> Dataset:
    world: dict[str, Any] = {
        "axes": "zyx"[-len(shape) :],
        "voxel_size": (8.0,) * len(shape),
        "offset": (0.0,) * len(shape),
        "unit": "nm",
    }
    raw, labels = cells(shape, seed)
    write_ome_zarr(folder / f"{title}-raw.zarr", raw, **world)
    write_ome_zarr(folder / f"{title}-labels.zarr", labels, **world)
    return Dataset(title=title, raw=File(path=f"{title}-raw.zarr"), labels=File(path=f"{title}-labels.zarr"))


def run(folder: Path, **changes: Any) -> Run:
    """Six iterations on a cube of 40 voxels, validated every three on one of 20."""
    fields: dict[str, Any] = {
        "datasplit": ListedDatasets(
            normalization=FixedRange(low=0.0, high=255.0),
            train=(dataset(folder, "train", (40, 40, 40), 0),),
            validate=(dataset(folder, "check", (20, 20, 20), 1),),
        ),
        "architecture": UNET,
        "task": TASK,
        "trainer": Trainer(precision="float32", snapshot_interval=0, checkpoint_interval=2, loader_threads=0),
        "iterations": 6,
        "validation_interval": 3,
    }
    return Run(**(fields | changes))


def run_folder(folder: Path, name: str = "run") -> RunFolder:
    return RunFolder(folder / "runs" / name, folder)


def trained(folder: Path, device: str = "cpu", **changes: Any) -> RunFolder:
    """The run, saved as "run" in the workspace and trained to its end."""
    workspace = Workspace(folder)
    made = run(workspace.path, **changes)
    workspace.store.save(Run, "run", made)
    place = RunFolder(workspace.run_folder("run"), workspace.path)
    for _ in train(made, place, device):
        pass
    return place
