"""Cutting a region into blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from napari_dacapo.arrays.box import Voxels


@dataclass(frozen=True, slots=True)
class Block:
    """Voxels from `start` on, counted from the region's first voxel."""

    start: Voxels
    shape: Voxels

    @property
    def end(self) -> Voxels:
        return tuple(s + n for s, n in zip(self.start, self.shape, strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        return tuple(slice(s, s + n) for s, n in zip(self.start, self.shape, strict=True))

    def common(self, other: "Block") -> "Block":
        """What both cover, which is something."""
        begin, end = tuple(map(max, self.start, other.start)), map(min, self.end, other.end)
        return Block(begin, tuple(e - b for b, e in zip(begin, end, strict=True)))

    def within(self, other: "Block") -> tuple[slice, ...]:
        """Where it lies in an array that holds the other block, which covers it."""
        sides = zip(self.start, other.start, self.shape, strict=True)
        return tuple(slice(s - o, s - o + n) for s, o, n in sides)


@dataclass(frozen=True, slots=True)
class Grid:
    """A region cut into blocks, numbered in C order; those at the far border are smaller.

    Every block starts at a multiple of `block_shape`: where that is a multiple of the chunks (or
    shards) of an output, no two blocks write one chunk.
    """

    shape: Voxels
    block_shape: Voxels
    kept: frozenset[Voxels] | None = None  # places of the blocks that there are; None: all of them

    @property
    def counts(self) -> Voxels:
        """Blocks along each axis."""
        return tuple(-(-n // b) for n, b in zip(self.shape, self.block_shape, strict=True))

    @property
    def count(self) -> int:
        return prod(self.counts) if self.kept is None else len(self.kept)

    @property
    def voxels(self) -> int:
        """Of all blocks together."""
        if self.kept is None:
            return prod(self.shape)
        return sum(prod(block.shape) for block in self.blocks())

    def blocks(self) -> Iterator[Block]:
        """All of them; where none is left out they cover the region exactly once."""
        places = product(*map(range, self.counts)) if self.kept is None else iter(sorted(self.kept))
        return map(self.at, places)

    def from_middle(self) -> list[Block]:
        """The same, the middle of the first axis before its ends: that slice of a volume is seen first."""
        middle = self.shape[0] / 2
        return sorted(self.blocks(), key=lambda block: abs((block.start[0] + block.end[0]) / 2 - middle))

    def has(self, place: Voxels) -> bool:
        """Whether there is a block at a place."""
        if self.kept is not None:
            return place in self.kept
        return all(0 <= p < count for p, count in zip(place, self.counts, strict=True))

    def at(self, place: Voxels) -> Block:
        """The block at a place that is counted in blocks."""
        start = tuple(p * b for p, b in zip(place, self.block_shape, strict=True))
        sides = zip(start, self.block_shape, self.shape, strict=True)
        return Block(start, tuple(min(b, n - s) for s, b, n in sides))

    def place(self, block: Block) -> Voxels:
        return tuple(s // b for s, b in zip(block.start, self.block_shape, strict=True))

    def number(self, block: Block) -> int:
        """Its place in C order, those left out counted as well."""
        number = 0
        for place, count in zip(self.place(block), self.counts, strict=True):
            number = number * count + place
        return number

    def next(self, block: Block, axis: int, step: int = 1) -> Block | None:
        """The block behind it along an axis, if there is one; with a step of -1 that before it."""
        place = tuple(p + step * (a == axis) for a, p in enumerate(self.place(block)))
        return self.at(place) if self.has(place) else None

    def grown(self, block: Block, halo: Voxels) -> Block:
        """The block and what of the region lies around it, at most `halo` on each side."""
        begin = tuple(max(0, s - h) for s, h in zip(block.start, halo, strict=True))
        end = tuple(min(n, e + h) for e, h, n in zip(block.end, halo, self.shape, strict=True))
        return Block(begin, tuple(e - b for b, e in zip(begin, end, strict=True)))

    def touched(self, part: Block) -> Iterator[tuple[Block, Block]]:
        """Each block that a part of the region touches, with what both cover."""
        sides = zip(part.start, part.end, self.block_shape, strict=True)
        for place in filter(self.has, product(*(range(s // b, -(-e // b)) for s, e, b in sides))):
            block = self.at(place)
            yield block, block.common(part)


def blocks(region_shape: Voxels, block_shape: Voxels) -> Iterator[Block]:
    """Blocks that cover the region exactly once, in C order."""
    return Grid(region_shape, block_shape).blocks()


def block_count(region_shape: Voxels, block_shape: Voxels) -> int:
    return Grid(region_shape, block_shape).count
