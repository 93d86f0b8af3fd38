"""Cutting a region into blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from napari_dacapo.arrays.box import Voxels


@dataclass(frozen=True, slots=True)
class Block:
    """Voxels from `start` on, counted from the region's first voxel."""

    start: Voxels
    shape: Voxels

    @property
    def slices(self) -> tuple[slice, ...]:
        return tuple(slice(s, s + n) for s, n in zip(self.start, self.shape, strict=True))


def blocks(region_shape: Voxels, block_shape: Voxels) -> Iterator[Block]:
    """Blocks that cover the region exactly once, in C order; those at the far border are smaller.

    Every block starts at a multiple of `block_shape`: where that is a multiple of the chunks (or
    shards) of an output, no two blocks write one chunk.
    """
    ranges = (range(0, n, b) for n, b in zip(region_shape, block_shape, strict=True))
    for start in product(*ranges):
        sides = zip(start, block_shape, region_shape, strict=True)
        yield Block(start, tuple(min(b, n - s) for s, b, n in sides))


def block_count(region_shape: Voxels, block_shape: Voxels) -> int:
    count = 1
    for n, b in zip(region_shape, block_shape, strict=True):
        count *= -(-n // b)
    return count
