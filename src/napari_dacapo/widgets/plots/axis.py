"""From values to places on the screen, and the ticks between."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` lie from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    @classmethod
    def around(
        cls, arrays: Iterable[NDArray[np.float64]], start: float, end: float, logarithmic: bool = False
    ) -> Axis:
        """One that shows every finite value, only the positive ones where logarithmic."""
        values = np.concatenate([np.empty(0), *arrays])
        values = values[np.isfinite(values) & ((values > 0) | (not logarithmic))]
        if not len(values):
            return cls(0.1, 1.0, start, end, logarithmic)
        low, high = float(values.min()), float(values.max())
        if logarithmic:
            return cls(low / 1.05, high * 1.05, start, end, True)
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return cls(low - margin, high + margin, start, end)

    def place(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels; NaN for what a logarithmic axis cannot show."""
        if self.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log(np.where(values > 0, values, np.nan))
        low, high = self._scaled
        return self.start + (values - low) / (high - low) * (self.end - self.start)

    def value(self, pixel: float) -> float:
        """The value at a pixel."""
        low, high = self._scaled
        scaled = low + (pixel - self.start) / (self.end - self.start) * (high - low)
        return math.exp(scaled) if self.logarithmic else scaled

    def ticks(self, most: int) -> list[tuple[float, float]]:
        """Round values within, at most so many, each with its place."""
        rounds = _decades if self.logarithmic else _steps
        values = np.array(rounds(self.low, self.high, most))
        return list(zip(values.tolist(), self.place(values).tolist(), strict=True))

    @property
    def _scaled(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.logarithmic else (self.low, self.high)


def _steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power, 2 * power, 5 * power, 10 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [index * step for index in range(first, last + 1)]


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with what lies between them where they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**p for p in range(first, last + 1) for f in factors if low <= f * 10.0**p <= high]
        if len(found) <= most:
            break
    return found if len(found) > 1 else _steps(low, high, most)
