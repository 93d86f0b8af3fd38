"""Weights that make rare and frequent classes count alike."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

Share = Annotated[float, Field(gt=0, lt=1)]


def refuse_disorder(lowest: float, highest: float) -> None:
    """Raises ValueError where the lowest share of a record is not below the highest."""
    if lowest >= highest:
        raise ValueError("lowest_share is not below highest_share. Choose such as 0.05 and 0.95")


def balanced(counts: NDArray[np.integer], lowest: float, highest: float) -> NDArray[np.float32]:
    """(classes,) a weight for a voxel of each class, from how many known voxels each has.

    With half of the voxels each of two classes gets 1; with shares 0.2 and 0.8: 2.5 and 0.625. Shares
    are clipped, so that the last voxel of a class does not outweigh all others.
    """
    shares = counts / max(1, int(counts.sum()))
    present = max(1, int(np.count_nonzero(counts)))
    return (1 / (max(2, present) * shares.clip(lowest, highest))).astype(np.float32)
