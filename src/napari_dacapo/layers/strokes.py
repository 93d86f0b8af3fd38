"""Labels that are painted in part."""

from typing import Any

import numpy as np

LOOKED_AT = 1 << 17  # voxels
PAINTED = 0.5  # of the voxels, at the most
BACKGROUND = 0.2  # of what is painted, at least


def may_be_strokes(labels: Any) -> bool:
    """Whether 0 may stand for unknown in the data of a layer: most is 0, and much of the rest 1, background.

    From a bounded sample. Nothing speaks against labels in which nothing is painted yet; what is not in
    memory nobody paints.
    """
    if not isinstance(labels, np.ndarray):
        return False
    seen = labels.flat[:: max(1, labels.size // LOOKED_AT) | 1]  # odd: not the same columns of every row
    painted = np.count_nonzero(seen)
    background = np.count_nonzero(seen == 1)
    return bool(painted <= PAINTED * seen.size and background >= BACKGROUND * painted)
