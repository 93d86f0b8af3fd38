"""How many pairs of voxels are joined or parted wrongly."""

import math

import numpy as np

from napari_dacapo.scores.contingency import Contingency, Counts
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.score import ObjectScore


class AdaptedRand(ObjectScore):
    """Adapted Rand error (Arganda-Carreras 2015): 1 - F1 over pairs of voxels; as scikit-image gives it."""

    ignore_background: bool = True
    "Leave out what is background in truth, as SNEMI3D does. Otherwise the background counts as one object."

    def criteria(self) -> tuple[Criterion, ...]:
        return (Criterion("adapted_rand", 0.0, 1.0, higher_is_better=False),)

    def of(self, table: Contingency) -> tuple[float, ...]:
        judged = table.within_objects() if self.ignore_background else table
        if judged.total == 0:
            return (math.nan,)
        joined_in_one = _pairs(judged.segment_sizes) + _pairs(judged.object_sizes)
        if joined_in_one == 0:
            return (0.0,)
        return (1 - 2 * _pairs(judged.counts) / joined_in_one,)


def _pairs(sizes: Counts) -> float:
    """Ordered pairs of two different voxels within the same; as float64, since squares of sizes overflow."""
    exact = sizes.astype(np.float64)
    return float((exact * (exact - 1)).sum())
