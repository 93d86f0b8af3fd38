"""What a number tells, and which of two is better."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """One number that a segmentation is judged by."""

    name: str  # "voi_sum", "f1_50", "dice/axon"
    lower: float
    upper: float  # inf where there is none
    higher_is_better: bool

    def better(self, candidate: float, best: float | None) -> bool:
        """Whether the candidate beats the best so far; NaN never does."""
        if math.isnan(candidate):
            return False
        if best is None:
            return True
        return candidate > best if self.higher_is_better else candidate < best
