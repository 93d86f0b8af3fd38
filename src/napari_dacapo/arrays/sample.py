"""A bounded, repeatable look at an array that may be of any size."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels

SAMPLE_BYTES = 16 * 2**20  # handed out at most
BLOCK_BYTES = 2**20
DECODED_BYTES = 64 * 2**20  # aimed at where chunks are larger than blocks
FEWEST_BLOCKS = 8
NEARLY_WHOLE = 1e-6  # of a voxel; what rounding leaves


@dataclass(frozen=True, slots=True)
class Sample:
    """Blocks spread evenly over an array; every voxel of it if it is small.

    Blocks are whole chunks, or parts of one where chunks are large, so that little is decoded in vain.
    """

    places: tuple[tuple[Voxels, Voxels], ...]  # start and shape, for Array.read
    complete: bool  # whether every voxel is in it

    @classmethod
    def of(cls, array: Array, box: Box | None = None, limit: int = SAMPLE_BYTES) -> "Sample":
        """A sample of what lies in the box, or of the whole array."""
        begin, end = voxels_in(array, array.box if box is None else box)
        block = _block_shape(array, min(BLOCK_BYTES, limit // FEWEST_BLOCKS))
        ranges = [range(b // n, math.ceil(e / n)) for b, e, n in zip(begin, end, block, strict=True)]
        available = [len(each) for each in ranges]
        counts = _spread(available, _blocks_allowed(array, block, limit))
        chosen = (_evenly(each, count) for each, count in zip(ranges, counts, strict=True))
        places = tuple(_clipped(place, block, begin, end) for place in product(*chosen))
        return cls(places, counts == available)

    def read(self, array: Array) -> Iterator[NDArray[Any]]:
        """The blocks of an array of the same grid, (c, (z,) y, x) or ((z,) y, x)."""
        return (array.read(start, shape) for start, shape in self.places)


def voxels_in(array: Array, box: Box) -> tuple[Voxels, Voxels]:
    """First and one past the last voxel that lie wholly in the box, kept inside of the array."""
    sides = tuple(zip(array.offset, array.voxel_size, array.spatial_shape, strict=True))
    begin = (
        min(max(math.ceil((b - o) / v - NEARLY_WHOLE), 0), n)
        for b, (o, v, n) in zip(box.begin, sides, strict=True)
    )
    end = (
        min(max(math.floor((e - o) / v + NEARLY_WHOLE), 0), n)
        for e, (o, v, n) in zip(box.end, sides, strict=True)
    )
    return tuple(begin), tuple(end)


def _bytes(array: Array, shape: Voxels) -> int:
    return math.prod(shape) * (array.channels or 1) * array.dtype.itemsize


def _block_shape(array: Array, limit: int) -> Voxels:
    """A chunk, its longest side halved until it is small."""
    shape = [max(1, n) for n in array.chunks[-array.dims :]]
    while _bytes(array, tuple(shape)) > limit and max(shape) > 1:
        longest = shape.index(max(shape))
        shape[longest] = -(-shape[longest] // 2)
    return tuple(shape)


def _blocks_allowed(array: Array, block: Voxels, limit: int) -> int:
    chunk = _bytes(array, tuple(max(1, n) for n in array.chunks[-array.dims :]))
    allowed = limit // _bytes(array, block)
    if chunk > _bytes(array, block):
        allowed = min(allowed, max(FEWEST_BLOCKS, DECODED_BYTES // chunk))
    return max(1, allowed)


def _spread(available: list[int], allowed: int) -> list[int]:
    """How many blocks along each axis, together no more than allowed; long axes lose first."""
    counts = list(available)
    while math.prod(counts) > allowed:
        longest = counts.index(max(counts))
        counts[longest] = max(1, min(counts[longest] - 1, counts[longest] * 4 // 5))
    return counts


def _evenly(available: range, count: int) -> list[int]:
    return [available[(2 * i + 1) * len(available) // (2 * count)] for i in range(count)]


def _clipped(place: Voxels, block: Voxels, begin: Voxels, end: Voxels) -> tuple[Voxels, Voxels]:
    start = tuple(max(p * n, b) for p, n, b in zip(place, block, begin, strict=True))
    stop = tuple(min((p + 1) * n, e) for p, n, e in zip(place, block, end, strict=True))
    return start, tuple(e - s for s, e in zip(start, stop, strict=True))
