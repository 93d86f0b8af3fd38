"""What the steps of a segmentation block by block share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.durable import is_written, read_table, read_written, write_durably, write_tables
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.joined import offsets_of
from napari_dacapo.blockwise.region import Region
from napari_dacapo.blockwise.turn import ANYBODYS, Turn
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.tasks.task import Parameters


class Method(Protocol):
    """A task, or what stands in its place."""

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]: ...
    def stitching(self) -> Stitching | None: ...


@dataclass(frozen=True, slots=True)
class Segmenting:
    """A stored prediction, how it is segmented, and where what the steps tell each other lies."""

    method: Method
    parameters: Parameters
    prediction: Path
    coding: Coding
    target: Path
    world: Mapping[str, Any]  # axes, voxel_size, offset, unit, chunks, and so on of the target
    work: Path  # a folder that is of no use afterwards
    grid: Grid
    halo: Voxels
    region: Region | None = None  # what is segmented; None: everything
    turn: Turn = ANYBODYS

    @property
    def stitching(self) -> Stitching:
        found = self.method.stitching()
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

    def has_parts(self, blocks: Sequence[Block]) -> bool:
        """Whether those of blocks are there."""
        if not blocks or not self.parts.exists():
            return not blocks
        parts = open_own(self.parts)
        return all(is_written(parts, self.parts / "0", block.slices) for block in blocks)

    def read_parts(self, part: Block) -> NDArray[Any]:
        """((z,) y, x), 0 in blocks that are left out. Raises UserInputError naming what is damaged."""
        return read_written(open_own(self.parts), self.parts / "0", part.slices)

    def create_target(self, dtype: np.dtype[Any]) -> None:
        if not self.target.exists():
            shards = None if self.world.get("ome_version") == "0.4" else self.grid.block_shape
            create_ome_zarr(self.target, shape=self.grid.shape, dtype=dtype, shards=shards, **self.world)

    def predicted(self, part: Block) -> NDArray[np.float32]:
        """(c, (z,) y, x), outside of the region as low as can be: nothing is there."""
        stored = open_own(self.prediction)
        values = self.coding.decode(read_written(stored, self.prediction / "0", (slice(None), *part.slices)))
        if self.region is not None:
            values[:, ~self.region.inside(part)] = self.coding.low
        return values

    def write(self, block: Block, ids: NDArray[Any]) -> None:
        target = open_own(self.target)
        values = self.within_region(block, ids).astype(target.dtype, copy=False)
        write_durably(target, self.target / "0", block.slices, values, self.turn)

    def within_region(self, part: Block, ids: NDArray[Any]) -> NDArray[Any]:
        """((z,) y, x), 0 outside of the region."""
        return ids if self.region is None else np.where(self.region.inside(part), ids, ids.dtype.type(0))

    def offsets(self, counts: Sequence[int]) -> NDArray[np.int64]:
        """As `offsets_of`, by the numbers of blocks; in those that are left out there is nothing."""
        numbered = np.zeros(prod(self.grid.counts), np.int64)
        numbered[[self.grid.number(block) for block in self.grid.blocks()]] = counts
        return offsets_of(numbered)

    def write_tables(self, step: str, block: Block, **tables: NDArray[Any]) -> None:
        """What a step tells of a block to those that come after it."""
        write_tables(self.tables(step, block), self.turn, **tables)

    def table(self, step: str, block: Block, name: str) -> NDArray[Any]:
        return read_table(self.tables(step, block), name)

    def tables(self, step: str, block: Block) -> Path:
        return self.work / step / f"{self.grid.number(block)}.npz"
