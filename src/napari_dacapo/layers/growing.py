"""An image that is looked at while it is written, block by block."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.finished import Entry, Finished
from napari_dacapo.errors import UserInputError

MOST_BYTES = 256 << 20  # of chunks that are kept in memory
Chunk = tuple[int, Voxels]  # a level, and a place counted in its chunks
Pixels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Stages:
    """What a ledger says of the blocks of an image."""

    written: tuple[str, ...]  # stages of which one has written a block of the finest level
    changed: tuple[str, ...] = ()  # that may write it again
    level: str = ""  # that has written a block of a coarser level, without its number
    block: Voxels = ()  # of any level


class Growing:
    """The levels of an image without channels, the finest first, as arrays that give at once what is known.

    What is not known is 0, and is got by the next `read`, which is for a thread. A coarser level that is
    not written yet is every second voxel of the finer one.
    """

    def __init__(self, levels: Sequence[Array], stages: Stages, finished: Finished) -> None:
        self._levels = tuple(levels)
        self._stages = stages
        self._finished = finished
        self._entries: list[Entry] = []
        self._count = 0  # of the entries that are taken into account
        self._touched: list[set[Voxels]] = [set() for _ in levels]  # chunks with something in them
        self._known: dict[Chunk, Pixels] = {}
        self._fresh: set[Chunk] = set()
        self._looked: dict[int, tuple[Chunk, ...]] = {}  # what was last asked for, of each level
        self._coarsest = np.zeros(levels[-1].shape, levels[-1].dtype)  # napari keeps it: it stays the same
        self._until = math.inf  # when a read is to end
        self._is_late = False

    @property
    def levels(self) -> list[Array]:
        return [replace(level, reader=partial(self.look, n)) for n, level in enumerate(self._levels)]

    @property
    def is_behind(self) -> bool:
        """Whether something was looked at that is not got yet."""
        return any(chunk not in self._fresh for chunk in self._wanted)

    def read(self, seconds: float) -> bool:
        """Get what was looked at, for so long at the most; whether anything is new."""
        self._take_entries()
        self._until, self._is_late = time.monotonic() + seconds, False
        before = len(self._fresh)
        for chunk in self._wanted:
            if chunk not in self._fresh:
                self._pixels(chunk, True)
        if len(self._fresh) == before and not self._is_late:
            return False
        for chunk in self._chunks(len(self._levels) - 1, self._coarsest.shape):
            self._coarsest[self._slices(chunk)] = self._known.get(chunk, 0)
        self._drop_oldest()
        return True

    # --- what is looked at, in the window's thread ---

    def look(self, level: int, slices: tuple[slice, ...]) -> Pixels:
        """What is known of a part of a level; the rest is got by the next `read`."""
        begin = tuple(each.start for each in slices)
        shape = tuple(each.stop - each.start for each in slices)
        chunks = tuple(self._chunks(level, shape, begin))
        self._looked = {**self._looked, level: chunks}
        if level == len(self._levels) - 1:
            return self._coarsest[slices]
        seen = np.zeros(shape, self._levels[level].dtype)
        for chunk in chunks:
            known = self._known.get(chunk)
            if known is not None:
                _paste(seen, begin, known, self._begin(chunk))
        return seen

    # --- what is got, in another thread ---

    @property
    def _wanted(self) -> Iterator[Chunk]:
        for _, chunks in sorted(self._looked.items()):  # the coarsest, of a thumbnail, can wait
            yield from chunks

    def _take_entries(self) -> None:
        self._finished.look()
        entries = self._finished.entries
        if entries is not self._entries:  # a new start
            self._entries, self._count = entries, 0
            self._fresh.clear()
            self._touched = [set() for _ in self._levels]
        news, self._count = entries[self._count :], len(entries)
        for stage, start in news:
            if stage in self._stages.written or stage in self._stages.changed:
                self._touch(start)

    def _touch(self, start: Voxels) -> None:
        finest = self._levels[0].shape
        end = tuple(min(s + b, n) for s, b, n in zip(start, self._stages.block, finest, strict=True))
        for number, level in enumerate(self._levels):
            factors = tuple(round(n / m) for n, m in zip(finest, level.shape, strict=True))
            begin = tuple(s // f for s, f in zip(start, factors, strict=True))
            shape = tuple(max(1, -(-e // f) - b) for e, f, b in zip(end, factors, begin, strict=True))
            for chunk in self._chunks(number, shape, begin):
                self._fresh.discard(chunk)
                self._touched[number].add(chunk[1])

    def _pixels(self, chunk: Chunk, is_kept: bool) -> Pixels | None:
        """What the chunk holds; nothing where nothing of it is written. Late, what is known of it."""
        level, place = chunk
        if chunk in self._fresh:
            return self._known.get(chunk)
        if place not in self._touched[level]:
            self._fresh.add(chunk)
            self._known.pop(chunk, None)
            return None
        if time.monotonic() > self._until:
            self._is_late = True
            return self._known.get(chunk)
        return self._got(chunk, is_kept)

    def _got(self, chunk: Chunk, is_kept: bool) -> Pixels | None:
        level, _ = chunk
        values = self._stored(chunk) if level == 0 or self._is_written(chunk) else self._of_finer(chunk)
        if is_kept and values is not None:
            self._known.pop(chunk, None)  # the oldest come first
            self._known[chunk] = values
            if not self._is_late:
                self._fresh.add(chunk)
        return values

    def _stored(self, chunk: Chunk) -> Pixels | None:
        """Nothing where it is being written at this moment."""
        try:
            return np.asarray(self._levels[chunk[0]].reader(self._slices(chunk)))
        except (UserInputError, OSError):
            return None

    def _of_finer(self, chunk: Chunk) -> Pixels:
        level, _ = chunk
        array, finer = self._levels[level], self._levels[level - 1]
        factors = tuple(2 if n > m else 1 for n, m in zip(finer.shape, array.shape, strict=True))
        begin = tuple(each.start * f for each, f in zip(self._slices(chunk), factors, strict=True))
        ends = zip(self._slices(chunk), factors, finer.shape, strict=True)
        shape = tuple(min(each.stop * f, n) - b for (each, f, n), b in zip(ends, begin, strict=True))
        values = np.zeros(shape, array.dtype)
        for part in self._chunks(level - 1, shape, begin):
            found = self._pixels(part, level > 1)  # the finest ones are many, and read fast
            if found is not None:
                _paste(values, begin, found, self._begin(part))
        return values[tuple(slice(None, None, f) for f in factors)]

    def _is_written(self, chunk: Chunk) -> bool:
        level, _ = chunk
        start = tuple(b // n * n for b, n in zip(self._begin(chunk), self._stages.block, strict=True))
        return start in self._finished.of(f"{self._stages.level}{level}")

    def _drop_oldest(self) -> None:
        held = sum(values.nbytes for values in self._known.values())
        looked = set(self._wanted)
        for chunk in tuple(self._known):
            if held <= MOST_BYTES:
                return
            if chunk not in looked:
                held -= self._known.pop(chunk).nbytes
                self._fresh.discard(chunk)

    # --- where chunks lie ---

    def _chunks(self, level: int, shape: Voxels, begin: Voxels | None = None) -> Iterator[Chunk]:
        """Those that a part of a level touches."""
        sides = zip(begin or (0,) * len(shape), shape, self._levels[level].chunks, strict=True)
        for place in product(*(range(b // c, -(-(b + n) // c)) for b, n, c in sides)):
            yield level, place

    def _begin(self, chunk: Chunk) -> Voxels:
        level, place = chunk
        return tuple(p * c for p, c in zip(place, self._levels[level].chunks, strict=True))

    def _slices(self, chunk: Chunk) -> tuple[slice, ...]:
        array = self._levels[chunk[0]]
        sides = zip(self._begin(chunk), array.chunks, array.shape, strict=True)
        return tuple(slice(b, min(b + c, n)) for b, c, n in sides)


def _paste(target: Pixels, begin: Voxels, values: Pixels, start: Voxels) -> None:
    """Write what of `values`, which start at `start`, lies in the target, which begins at `begin`."""
    into, out_of = [], []
    for b, n, s, m in zip(begin, target.shape, start, values.shape, strict=True):
        low, high = max(b, s), min(b + n, s + m)
        into.append(slice(low - b, max(low, high) - b))
        out_of.append(slice(low - s, max(low, high) - s))
    target[tuple(into)] = values[tuple(out_of)]
