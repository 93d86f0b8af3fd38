"""An array as napari slices it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.crop import cropped

Wanted = Sequence[range | int]  # along each axis


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Reads only what is looked at; takes the numbers and slices that numpy takes."""

    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __getitem__(self, key: Any) -> NDArray[Any] | Pixels:
        return self._values(self._wanted(key))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self._values(self._wanted(...)).astype(dtype or self.dtype, copy=False)

    def _values(self, wanted: Wanted) -> NDArray[Any]:
        values = self.array.reader(tuple(_covering(each) for each in wanted))
        return values[tuple(slice(None, None, e.step) if isinstance(e, range) else 0 for e in wanted)]

    def _wanted(self, key: Any) -> Wanted:
        return [range(n)[each] for n, each in zip(self.shape, self._per_axis(key), strict=True)]

    def _per_axis(self, key: Any) -> tuple[Any, ...]:
        """[3, ..., :5] of four axes is [3, :, :, :5]."""
        given = key if isinstance(key, tuple) else (key,)
        if Ellipsis not in given:
            given = (*given, Ellipsis)
        place = given.index(Ellipsis)
        rest = (slice(None),) * (self.ndim - len(given) + 1)
        return (*given[:place], *rest, *given[place + 1 :])


@dataclass(frozen=True, slots=True, eq=False)
class Level(Pixels):
    """One of a pyramid. A box of it is one, too, and nothing is read.

    napari takes what is on the screen of every plane, and only then the plane: were that read at once, it
    would be the whole depth of a volume.
    """

    def __getitem__(self, key: Any) -> NDArray[Any] | Pixels:
        wanted = self._wanted(key)
        box = [each for each in wanted if isinstance(each, range) and each.step == 1]
        channels = self.ndim - self.array.dims  # axes of them, at the most one
        if len(box) < self.ndim or any(len(box[axis]) < self.shape[axis] for axis in range(channels)):
            return self._values(wanted)
        start = tuple(each.start for each in box[channels:])
        stop = tuple(each.start + len(each) for each in box[channels:])
        return Level(cropped(self.array, start, stop))


def _covering(wanted: range | int) -> slice:
    if isinstance(wanted, int):
        return slice(wanted, wanted + 1)
    if not wanted:
        return slice(0, 0)
    return slice(min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1]) + 1)
