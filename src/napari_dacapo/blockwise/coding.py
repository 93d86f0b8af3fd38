"""How the numbers of a prediction are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

OutputDtype = Literal["uint8", "float16", "float32"]
STEPS = 255  # between the lowest and the highest number that a byte tells apart


@dataclass(frozen=True, slots=True)
class Coding:
    """A byte stands for an even step from `low` to `high`; the other types hold the numbers themselves."""

    dtype: OutputDtype
    low: float = 0.0
    high: float = 1.0

    @property
    def error(self) -> float:
        """The most that a number between `low` and `high` is changed: 0.002 of [0, 1] as bytes."""
        if self.dtype == "uint8":
            return (self.high - self.low) / STEPS / 2
        largest = max(abs(self.low), abs(self.high))
        return float(np.spacing(np.dtype(self.dtype).type(largest))) / 2

    def encode(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """What is not a number becomes `low` in a byte."""
        if self.dtype != "uint8":
            return values.astype(self.dtype, copy=False)
        steps = (values - self.low) * (STEPS / (self.high - self.low))
        np.rint(steps, out=steps)
        np.fmax(steps, 0, out=steps)  # unlike maximum it takes the 0 of a NaN and 0
        np.fmin(steps, STEPS, out=steps)
        return steps.astype(np.uint8)

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        values = stored.astype(np.float32)
        if self.dtype != "uint8":
            return values
        return values * np.float32((self.high - self.low) / STEPS) + np.float32(self.low)
