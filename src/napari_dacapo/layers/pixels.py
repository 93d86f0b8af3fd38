"""An array as napari slices it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_dacapo.arrays.array import Array


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

    def __getitem__(self, key: Any) -> NDArray[Any]:
        wanted = [range(n)[each] for n, each in zip(self.shape, self._per_axis(key), strict=True)]
        values = self.array.reader(tuple(_covering(each) for each in wanted))
        return values[tuple(slice(None, None, e.step) if isinstance(e, range) else 0 for e in wanted)]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self[...].astype(dtype or self.dtype, copy=False)

    def _per_axis(self, key: Any) -> tuple[Any, ...]:
        """[3, ..., :5] of four axes is [3, :, :, :5]."""
        given = key if isinstance(key, tuple) else (key,)
        if Ellipsis not in given:
            given = (*given, Ellipsis)
        place = given.index(Ellipsis)
        rest = (slice(None),) * (self.ndim - len(given) + 1)
        return (*given[:place], *rest, *given[place + 1 :])


def _covering(wanted: range | int) -> slice:
    if isinstance(wanted, int):
        return slice(wanted, wanted + 1)
    if not wanted:
        return slice(0, 0)
    return slice(min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1]) + 1)
