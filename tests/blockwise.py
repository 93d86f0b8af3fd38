"""A stored prediction, segmented block by block."""

from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.segmentation import segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.tasks.task import Parameters, Task


def segmenting(
    folder: Path,
    task: Task,
    parameters: Parameters,
    prediction: np.ndarray,
    block_shape: Voxels,
    halo: Voxels,
) -> Segmenting:
    dims = prediction.ndim - 1
    world: dict[str, Any] = {"voxel_size": (1.0,) * dims, "offset": (0.0,) * dims, "unit": "voxel"}
    axes = "zyx"[-dims:]
    stored = create_ome_zarr(
        folder / "prediction.zarr",
        axes="c" + axes,
        shape=prediction.shape,
        dtype=np.float32,
        chunks=prediction.shape,
        **world,
    )
    stored[...] = prediction
    return Segmenting(
        method=task,
        parameters=parameters,
        prediction=folder / "prediction.zarr",
        coding=Coding("float32"),
        target=folder / "segmentation.zarr",
        world={**world, "axes": axes, "chunks": block_shape},
        work=folder / "work",
        grid=Grid(prediction.shape[1:], block_shape),
        halo=halo,
    )


def segmented(of: Segmenting, threads: int = 1) -> np.ndarray:
    ledger = Ledger.open(of.target.parent / "ledger.jsonl", {}, {})
    for _ in segment_blocks(of, ledger, Threads(threads)):
        pass
    return open_own(of.target)[:]


def same_objects(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether ids differ in their numbers only, and 0 is 0 in both."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]).astype(np.int64), axis=1)
    zeros = (pairs == 0).any(axis=0)
    one_to_one = all(len(np.unique(row)) == pairs.shape[1] for row in pairs)
    return bool(one_to_one and (pairs[:, zeros] == 0).all())
