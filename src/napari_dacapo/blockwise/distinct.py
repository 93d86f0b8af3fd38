"""Pairs of whole numbers, each of them once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def distinct_pairs(first: NDArray[Any], second: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(pairs, 2) in their order, and how often each is there. Both together must fit into 63 bits.

    As `np.unique` along an axis, which takes fifty times as long and lets no other thread work meanwhile.
    """
    low, high = int(second.min(initial=0)), int(second.max(initial=0))
    span = high - low + 1
    keys, counts = np.unique(
        first.astype(np.int64) * span + (second.astype(np.int64) - low), return_counts=True
    )
    return np.stack([keys // span, keys % span + low], axis=1), counts
