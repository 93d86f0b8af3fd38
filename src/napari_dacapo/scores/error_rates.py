"""How many voxels of a class are wrong."""

import math

import numpy as np

from napari_dacapo.arrays.box import World
from napari_dacapo.scores.class_score import ClassScore, Mask
from napari_dacapo.scores.criterion import Criterion


class ErrorRates(ClassScore):
    """False negatives of the true voxels, false positives of the others, false discoveries of those found."""

    def criteria(self) -> tuple[Criterion, ...]:
        names = ("false_negative_rate", "false_positive_rate", "false_discovery_rate")
        return tuple(Criterion(name, 0.0, 1.0, higher_is_better=False) for name in names)

    def of(self, found: Mask, true: Mask, voxel_size: World) -> tuple[float, ...]:
        missed, wrong = count(true & ~found), count(found & ~true)
        positives = count(true)
        return (
            share(missed, positives),
            share(wrong, true.size - positives),
            share(wrong, count(found)),
        )


def count(mask: Mask) -> int:
    """How many voxels."""
    return int(np.count_nonzero(mask))


def share(part: int, whole: int) -> float:
    """NaN of nothing."""
    return part / whole if whole else math.nan
