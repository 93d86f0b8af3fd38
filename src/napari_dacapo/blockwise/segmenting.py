"""What the steps of a segmentation block by block share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.durable import read_table, write_durably, write_tables
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.tasks.task import Parameters, Task


@dataclass(frozen=True, slots=True)
class Segmenting:
    """A stored prediction, how it is segmented, and where what the steps tell each other lies."""

    task: Task
    parameters: Parameters
    prediction: Path
    coding: Coding
    target: Path
    world: Mapping[str, Any]  # axes, voxel_size, offset, unit, chunks, coarser, attributes of the target
    work: Path  # a folder that is of no use afterwards
    grid: Grid
    halo: Voxels

    @property
    def stitching(self) -> Stitching:
        found = self.task.stitching()
        if found is None:
            raise TypeError("classes are not stitched")
        return found

    @property
    def min_size(self) -> int:
        return int(self.parameters.get("min_size", 0))

    @property
    def parts(self) -> Path:
        """The objects of every block, numbered from 1 in each."""
        return self.work / "parts.zarr"

    def create_parts(self) -> None:
        dims = len(self.grid.shape)
        if not self.parts.exists():
            create_ome_zarr(
                self.parts,
                axes="zyx"[-dims:],
                shape=self.grid.shape,
                dtype=np.uint32,
                voxel_size=(1.0,) * dims,
                offset=(0.0,) * dims,
                unit="voxel",
                chunks=self.world["chunks"],
                shards=self.grid.block_shape,
            )

    def create_target(self, dtype: np.dtype[Any]) -> None:
        if not self.target.exists():
            shards = self.grid.block_shape
            create_ome_zarr(self.target, shape=self.grid.shape, dtype=dtype, shards=shards, **self.world)

    def predicted(self, part: Block) -> NDArray[np.float32]:
        """(c, (z,) y, x)"""
        return self.coding.decode(np.asarray(open_own(self.prediction)[(slice(None), *part.slices)]))

    def write(self, block: Block, ids: NDArray[Any]) -> None:
        target = open_own(self.target)
        write_durably(target, self.target / "0", block.slices, ids.astype(target.dtype, copy=False))

    def write_tables(self, step: str, block: Block, **tables: NDArray[Any]) -> None:
        """What a step tells of a block to those that come after it."""
        write_tables(self.tables(step, block), **tables)

    def table(self, step: str, block: Block, name: str) -> NDArray[Any]:
        return read_table(self.tables(step, block), name)

    def tables(self, step: str, block: Block) -> Path:
        return self.work / step / f"{self.grid.number(block)}.npz"
