"""Bringing raw intensities to float32 near [0, 1], each channel by itself.

What is measured comes from a bounded sample of the array, at the first read, and only once.
"""

import threading
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_dacapo.arrays.array import Array, Reader
from napari_dacapo.arrays.sample import Sample
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.errors import UserInputError

Levels = tuple[NDArray[np.float64], NDArray[np.float64]]  # what becomes 0 and what becomes 1, (c,)


class _Measured(Normalization):
    """A normalization whose two levels are measured on the array."""

    def apply(self, array: Array) -> Array:
        _refuse_what_is_not_real(array)
        measured = _Once(lambda: self._measure(array))
        return _scaled(array, measured, self._clips())

    @abstractmethod
    def levels(self, values: NDArray[Any]) -> tuple[float, float]:
        """The intensities that become 0 and 1, from the sampled voxels (n,) of one channel."""

    def _clips(self) -> bool:
        return True

    def _measure(self, array: Array) -> Levels:
        channels = [self._channel_levels(array, values) for values in _sampled(array)]
        low, high = zip(*channels, strict=True)
        return np.array(low), np.array(high)

    def _channel_levels(self, array: Array, values: NDArray[Any]) -> tuple[float, float]:
        refuse_not_finite(array, values)
        if values.size == 0 or values.min() == values.max():
            level = "empty" if values.size == 0 else f"constant {values.flat[0]}"
            raise UserInputError(
                "raw", array.name, f"it is {level}", "Choose the image itself, or another region"
            )
        low, high = self.levels(values)
        if low < high:
            return low, high
        return float(values.min()), float(values.max())


class MinMax(_Measured):
    """The smallest intensity becomes 0, the largest 1."""

    def levels(self, values: NDArray[Any]) -> tuple[float, float]:
        return float(values.min()), float(values.max())


class Percentile(_Measured):
    """Two percentiles become 0 and 1; what lies beyond is clipped, so bright specks do no harm.

    Where both percentiles are the same intensity, the smallest and the largest take their place.
    """

    low: Annotated[float, Field(ge=0, le=100)] = 1.0
    "The percentile of the intensities that becomes 0."

    high: Annotated[float, Field(ge=0, le=100)] = 99.0
    "The percentile of the intensities that becomes 1."

    @model_validator(mode="after")
    def _in_order(self) -> "Percentile":
        _refuse_wrong_order(self.low, self.high)
        return self

    def levels(self, values: NDArray[Any]) -> tuple[float, float]:
        low, high = np.percentile(values, (self.low, self.high))
        return float(low), float(high)


class ZScore(_Measured):
    """The mean becomes 0, the standard deviation 1; nothing is clipped."""

    def levels(self, values: NDArray[Any]) -> tuple[float, float]:
        mean = float(values.mean(dtype=np.float64))
        return mean, mean + float(values.std(dtype=np.float64))

    def _clips(self) -> bool:
        return False


class FixedRange(Normalization):
    """Two given intensities become 0 and 1, in every volume alike; what lies beyond is clipped."""

    low: float = 0.0
    "The intensity that becomes 0."

    high: float = 255.0
    "The intensity that becomes 1."

    @model_validator(mode="after")
    def _in_order(self) -> "FixedRange":
        _refuse_wrong_order(self.low, self.high)
        return self

    def apply(self, array: Array) -> Array:
        _refuse_what_is_not_real(array)
        count = array.channels or 1
        levels = np.full(count, self.low), np.full(count, self.high)
        return _scaled(array, lambda: levels, clips=True)


def refuse_not_finite(array: Array, values: NDArray[Any]) -> None:
    """Raises UserInputError with how many of the values are NaN or infinite."""
    wrong = values.size - int(np.count_nonzero(np.isfinite(values)))
    if wrong:
        problem = f"{wrong} of {values.size} voxels looked at are NaN or infinite"
        raise UserInputError("raw", array.name, problem, "Replace them in the image, or crop them away")


def _refuse_wrong_order(low: float, high: float) -> None:
    if low >= high:
        raise ValueError(f"low ({low}) is not below high ({high}). Give low < high")


def _refuse_what_is_not_real(array: Array) -> None:
    if array.dtype.kind not in "buif":
        problem = f"intensities must be real numbers; {array.name} has {array.dtype}"
        fix = "Take the magnitude of complex data, or choose another array"
        raise UserInputError("raw", str(array.dtype), problem, fix)


def _sampled(array: Array) -> NDArray[Any]:
    """Voxels of the whole array, (c, n)."""
    blocks = [block.reshape(array.channels or 1, -1) for block in Sample.of(array).read(array)]
    return np.concatenate(blocks, axis=1) if blocks else np.empty((array.channels or 1, 0), array.dtype)


class _Once:
    """Calls a function at the first use only, whatever the number of threads."""

    def __init__(self, measure: Callable[[], Levels]) -> None:
        self._measure = measure
        self._levels: Levels | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Levels:
        with self._lock:
            if self._levels is None:
                self._levels = self._measure()
            return self._levels


def _scaled(array: Array, levels: Callable[[], Levels], clips: bool) -> Array:
    work = np.result_type(array.dtype, np.float32)  # float64 where float32 would merge intensities

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        low, high = levels()
        if array.channels is not None:
            low, high = (_column(level[slices[0]], array.dims) for level in (low, high))
        values: NDArray[Any] = np.subtract(array.reader(slices), low.astype(work), dtype=work)
        values *= (1 / (high - low)).astype(work)
        if clips:
            np.clip(values, 0, 1, out=values)
        return values.astype(np.float32, copy=False)

    reader: Reader = read
    return replace(array, dtype=np.dtype(np.float32), reader=reader)


def _column(levels: NDArray[np.float64], dims: int) -> NDArray[np.float64]:
    return levels.reshape(-1, *(1,) * dims)
