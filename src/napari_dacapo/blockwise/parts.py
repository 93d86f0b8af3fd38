"""Objects of single blocks, and which of them are one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.ome_zarr import open_own
from napari_dacapo.blockwise.distinct import distinct_pairs
from napari_dacapo.blockwise.durable import write_durably
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.postprocessors.objects import sizes_of


@dataclass(frozen=True, slots=True)
class FindClasses:
    """The class of every voxel, where no voxel depends on another."""

    of: Segmenting

    def __call__(self, block: Block) -> None:
        self.of.write(block, self.of.method.segment(self.of.predicted(block), self.of.parameters))


@dataclass(frozen=True, slots=True)
class FindParts:
    """The objects of a block, found with what lies around it.

    Kept are those inside, numbered from 1, their `sizes`, and what they cover of the first voxels of the
    next block along each axis, half as deep as the block sees: `overlap 0` and so on.
    """

    of: Segmenting

    def __call__(self, block: Block) -> None:
        around = self.of.grid.grown(block, self.of.halo)
        objects = self.of.within_region(
            around, self.of.stitching.objects(self.of.predicted(around), self.of.parameters)
        )
        sizes = sizes_of(objects[block.within(around)])
        sizes[0] = 0
        numbers = np.zeros(int(objects.max()) + 1, np.uint32)
        (inside,) = sizes.nonzero()
        numbers[inside] = np.arange(1, len(inside) + 1)
        inner = numbers[objects[block.within(around)]]
        write_durably(open_own(self.of.parts), self.of.parts / "0", block.slices, inner, self.of.turn)
        overlaps = {
            f"overlap {axis}": numbers[objects[common.within(around)]]
            for axis, _, common in _behind(self.of, block)
        }
        self.of.write_tables("parts", block, sizes=sizes[inside], **overlaps)


@dataclass(frozen=True, slots=True)
class JoinParts:
    """Which parts of a block and of the next along each axis are one, by what both find in the same voxels.

    `pairs` (n, 4): number of the block, part, number of the other block, part.
    """

    of: Segmenting

    def __call__(self, block: Block) -> None:
        grid = self.of.grid
        tables = [np.zeros((0, 4), np.int64)]
        for axis, behind, common in _behind(self.of, block):
            here = self.of.table("parts", block, f"overlap {axis}")
            pairs = _pairs(here, self.of.read_parts(common), self.of.stitching.least_overlap)
            tables.append(with_blocks(pairs, grid.number(block), grid.number(behind)))
        self.of.write_tables("pairs", block, pairs=np.concatenate(tables))


def with_blocks(pairs: NDArray[np.int64], block: int, other: int) -> NDArray[np.int64]:
    """(pairs, 2) -> (pairs, 4): number of the block before each."""
    table = np.empty((len(pairs), 4), np.int64)
    table[:, 0], table[:, 1], table[:, 2], table[:, 3] = block, pairs[:, 0], other, pairs[:, 1]
    return table


def _behind(of: Segmenting, block: Block) -> Iterator[tuple[int, Block, Block]]:
    """Each axis with the block behind, and what of it both look at."""
    for axis, halo in enumerate(of.halo):
        behind = of.grid.next(block, axis)
        if behind is not None:
            shape = (min(max(1, halo // 2), n) if a == axis else n for a, n in enumerate(behind.shape))
            yield axis, behind, Block(behind.start, tuple(shape))


def _pairs(here: NDArray[Any], there: NDArray[Any], least_overlap: float) -> NDArray[np.int64]:
    """(pairs, 2) of parts, of each of which more than a share lies in the other, in the same voxels.

    With a share of a half or more, a part has one partner at most: what one block holds for one object and
    the next for two is not joined to both.
    """
    both = (here > 0) & (there > 0)
    found, counts = distinct_pairs(here[both], there[both])
    larger = np.maximum(np.bincount(here.ravel())[found[:, 0]], np.bincount(there.ravel())[found[:, 1]])
    pairs: NDArray[np.int64] = found[counts > least_overlap * larger]
    return pairs
