"""How much segmentation and truth leave open about each other."""

import math

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.scores.contingency import Contingency, Counts
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.score import ObjectScore


class VariationOfInformation(ObjectScore):
    """Variation of information in bits (Meila 2007), split and merge; as scikit-image gives it.

    An object cut into two equal halves has a split of 1 bit, two equal objects in one segment a merge of 1.
    """

    ignore_background: bool = False
    "Leave out what is background in truth. Otherwise the background counts as one object."

    def criteria(self) -> tuple[Criterion, ...]:
        names = ("voi_sum", "voi_split", "voi_merge")
        return tuple(Criterion(name, 0.0, math.inf, higher_is_better=False) for name in names)

    def of(self, table: Contingency) -> tuple[float, ...]:
        judged = table.within_objects() if self.ignore_background else table
        if judged.total == 0:
            return (math.nan,) * 3
        split = _entropy(judged.counts, judged.object_sizes[judged.pairs[:, 1]])
        merge = _entropy(judged.counts, judged.segment_sizes[judged.pairs[:, 0]])
        return split + merge, split, merge


def _entropy(counts: Counts, sizes: Counts) -> float:
    """What a voxel's pair still tells, in bits, once the one of its two ids with these sizes is known."""
    shares: NDArray[np.float64] = counts / sizes
    return float(-(counts * np.log2(shares)).sum() / counts.sum()) + 0.0
