"""The part of a volume that is worked on, where that is less than all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import World
from napari_dacapo.blockwise.grid import Block, Grid


@dataclass(frozen=True, slots=True)
class Region:
    """Where a mask is not 0; a voxel counts by its middle, and beyond the mask nothing does.

    The mask may have voxels of another size: a coarse one is enough to say where the tissue is.
    """

    mask: Callable[[], Array]  # opened where it is called: also on other machines
    offset: World  # of the volume
    voxel_size: World

    def inside(self, part: Block) -> NDArray[np.bool_]:
        """((z,) y, x) of a part of the volume."""
        mask = self.mask()
        found = np.zeros(part.shape, np.bool_)
        places, seen = zip(*(self._along(mask, part, axis) for axis in range(mask.dims)), strict=True)
        if all(map(len, seen)):
            start = tuple(int(s[0]) for s in seen)
            shape = tuple(int(s[-1]) + 1 - b for s, b in zip(seen, start, strict=True))
            marked = mask.read(start, shape).reshape(shape) != 0
            found[np.ix_(*places)] = marked[np.ix_(*(s - b for s, b in zip(seen, start, strict=True)))]
        return found

    def within(self, grid: Grid) -> Grid:
        """The grid without the blocks that lie wholly outside."""
        kept = (grid.place(block) for block in grid.blocks() if self.inside(block).any())
        return Grid(grid.shape, grid.block_shape, frozenset(kept))

    def _along(self, mask: Array, part: Block, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The voxels of the part that the mask covers along an axis, and the mask's voxel of each."""
        middles = (
            self.offset[axis] + (np.arange(part.start[axis], part.end[axis]) + 0.5) * self.voxel_size[axis]
        )
        voxels = np.floor((middles - mask.offset[axis]) / mask.voxel_size[axis]).astype(np.int64)
        (covered,) = ((voxels >= 0) & (voxels < mask.spatial_shape[axis])).nonzero()
        return covered, voxels[covered]
