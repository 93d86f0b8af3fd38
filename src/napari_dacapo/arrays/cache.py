"""Keeping what was read: whole volumes where they fit, else the chunks used last."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array

SMALLEST_BLOCK = 1 << 15  # voxels; smaller chunks are read several at once

Place = tuple[int, ...]  # of a block, counted in blocks along each axis
Slices = tuple[slice, ...]


def cached(array: Array, budget_bytes: int) -> Array:
    """The same array; what was read stays in memory, at most `budget_bytes` of it.

    An array that fits is kept whole, each chunk from the first time it is read. Of another one the chunks
    used last are kept. Safe to read from several threads; what is read never depends on what was kept, and
    is not to be written to.
    """
    blocks = _Blocks(array)
    if array.nbytes <= budget_bytes:
        return replace(array, reader=_Whole(blocks).read)
    if blocks.nbytes <= budget_bytes:
        return replace(array, reader=_Latest(blocks, budget_bytes).read)
    return array


class _Blocks:
    """An array cut into blocks of whole chunks."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.shape = _block_shape(array)
        self.grid = tuple(-(-n // b) for n, b in zip(array.shape, self.shape, strict=True))

    @property
    def nbytes(self) -> int:
        """Of one block."""
        return prod(self.shape) * self.array.dtype.itemsize

    def touched(self, slices: Slices) -> Slices:
        """The part of the grid that covers some voxels."""
        return tuple(slice(s.start // b, -(-s.stop // b)) for s, b in zip(slices, self.shape, strict=True))

    def at(self, place: Place) -> Slices:
        """The voxels of a block."""
        sides = zip(place, self.shape, self.array.shape, strict=True)
        return tuple(slice(p * b, min((p + 1) * b, n)) for p, b, n in sides)

    def read(self, place: Place) -> NDArray[Any]:
        return self.array.reader(self.at(place))


class _Whole:
    """The volume in one piece, filled block by block.

    Two threads that miss the same block both read it and write the same values; a block counts as loaded
    only after that.
    """

    def __init__(self, blocks: _Blocks) -> None:
        self._blocks = blocks
        self._values = np.empty(blocks.array.shape, blocks.array.dtype)
        self._loaded = np.zeros(blocks.grid, bool)

    def read(self, slices: Slices) -> NDArray[Any]:
        touched = self._blocks.touched(slices)
        if not self._loaded[touched].all():
            self._load(touched)
        part = self._values[slices]
        part.flags.writeable = False
        return part

    def _load(self, touched: Slices) -> None:
        begin = [s.start for s in touched]
        for missing in np.argwhere(~self._loaded[touched]):
            place = tuple(int(m) + b for m, b in zip(missing, begin, strict=True))
            self._values[self._blocks.at(place)] = self._blocks.read(place)
            self._loaded[place] = True


class _Latest:
    """The blocks used last; that not used for longest is dropped first."""

    def __init__(self, blocks: _Blocks, budget_bytes: int) -> None:
        self._blocks = blocks
        self._budget = budget_bytes
        self._kept: OrderedDict[Place, NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def read(self, slices: Slices) -> NDArray[Any]:
        # block      [0 1 2 3][4 5 6 7]
        # wanted          2 3  4 5          two copies, of 2..4 and 4..6
        result = np.empty([s.stop - s.start for s in slices], self._blocks.array.dtype)
        for place in self._places(slices):
            block, at = self._block(place), self._blocks.at(place)
            common = [
                slice(max(s.start, b.start), min(s.stop, b.stop)) for s, b in zip(slices, at, strict=True)
            ]
            result[_relative(common, slices)] = block[_relative(common, at)]
        return result

    def _places(self, slices: Slices) -> Iterator[Place]:
        return product(*(range(s.start, s.stop) for s in self._blocks.touched(slices)))

    def _block(self, place: Place) -> NDArray[Any]:
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        block = self._blocks.read(place)
        self._keep(place, block)
        return block

    def _keep(self, place: Place, block: NDArray[Any]) -> None:
        with self._lock:
            if place in self._kept:
                return
            while self._bytes + block.nbytes > self._budget:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes
            self._kept[place] = block
            self._bytes += block.nbytes


def _relative(part: list[slice], whole: Slices) -> Slices:
    return tuple(slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, whole, strict=True))


def _block_shape(array: Array) -> tuple[int, ...]:
    """Chunks, the shortest spatial side doubled until it is worth the call: (1, 64, 64) gives (8, 64, 64)."""
    shape = [max(1, n) for n in array.chunks]
    while prod(shape) < SMALLEST_BLOCK:
        open_sides = [i for i, n in enumerate(array.shape) if shape[i] < n]
        if not open_sides:
            break
        shortest = min(open_sides, key=lambda axis: shape[axis])
        shape[shortest] *= 2
    return tuple(shape)
