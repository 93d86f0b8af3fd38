"""Coarser levels of a volume, written block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import open_own
from napari_dacapo.arrays.pyramid import Method, halved_along
from napari_dacapo.blockwise.durable import read_written, write_durably
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.stage import BlockDone, run_stage
from napari_dacapo.blockwise.turn import ANYBODYS, Turn
from napari_dacapo.blockwise.workers import Workers


@dataclass(frozen=True, slots=True)
class HalveBlock:
    """Writes one block of a level from the level before."""

    path: Path
    level: int
    dims: int
    method: Method
    turn: Turn = ANYBODYS

    def __call__(self, block: Block) -> None:
        finer, target = open_own(self.path, self.level - 1), open_own(self.path, self.level)
        channels = tuple(slice(0, n) for n in finer.shape[: -self.dims])
        pairs = zip(finer.shape[-self.dims :], target.shape[-self.dims :], strict=True)
        factors = [2 if n > m else 1 for n, m in pairs]
        sides = zip(block.slices, factors, finer.shape[-self.dims :], strict=True)
        read = tuple(slice(s.start * f, min(s.stop * f, n)) for s, f, n in sides)
        long = tuple(len(channels) + axis for axis, factor in enumerate(factors) if factor == 2)
        whole = read_written(finer, self.path / str(self.level - 1), (*channels, *read))
        values = halved_along(whole, long, self.method)
        written = (*channels, *block.slices)
        write_durably(target, self.path / str(self.level), written, values, self.turn)


def write_pyramid(
    path: Path,
    dims: int,
    method: Method,
    ledger: Ledger,
    workers: Workers,
    written: Grid | None = None,
    turn: Turn = ANYBODYS,
) -> Iterator[BlockDone]:
    """Every level after the first, which is complete; the shapes are those the image was created with.

    `written`: the blocks of the first level that there are; None: all of them.
    """
    for level, stage, grid in levels_of(path, dims):
        blocks = grid.blocks()
        if written is not None:
            blocks = (block for block in blocks if _has_any(written, block, grid.shape))
        act = HalveBlock(path, level, dims, method, turn)
        yield from run_stage(stage, act, blocks, ledger, workers)


def levels_of(path: Path, dims: int) -> Iterator[tuple[int, str, Grid]]:
    """Every level after the first: its number, what writing it is called, and its blocks."""
    for level in count(1):
        if not (path / str(level)).is_dir():
            return
        array = open_own(path, level)
        shape, shard = array.shape[-dims:], (array.shards or array.chunks)[-dims:]
        yield level, f"{path.stem} level {level}", Grid(shape, shard)


def _has_any(written: Grid, block: Block, shape: Voxels) -> bool:
    """Whether something of the first level lies where a block of a level of some shape does."""
    factors = tuple(2 ** round(math.log2(n / m)) for n, m in zip(written.shape, shape, strict=True))
    start = tuple(s * f for s, f in zip(block.start, factors, strict=True))
    sides = zip(start, block.shape, factors, written.shape, strict=True)
    part = Block(start, tuple(min(n * f, end - s) for s, n, f, end in sides))
    return any(True for _ in written.touched(part))
