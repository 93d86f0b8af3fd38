"""Which object of one segmentation is which of another."""

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.scores.contingency import Contingency

NOBODY = -1


def partners(table: Contingency) -> NDArray[np.intp]:
    """(s,) the place of each segment's only partner in the table's `objects`; NOBODY where it has none.

    The two that share most voxels are partners first, of equals those with the lowest ids; nobody has two.
    Background goes with background.

        segments 1 1 1 2 2     1 and 7 share 2 voxels; 2 and 7 share 2, but 7 has its partner
        objects  5 7 7 7 7
    """
    found, true = table.segments[table.pairs[:, 0]], table.objects[table.pairs[:, 1]]
    alike = np.flatnonzero((found == 0) == (true == 0))
    order = alike[np.argsort(-table.counts[alike], kind="stable")]
    partner = [NOBODY] * len(table.segments)
    taken = [False] * len(table.objects)
    for segment, other in table.pairs[order].tolist():
        if partner[segment] == NOBODY and not taken[other]:
            partner[segment], taken[other] = other, True
    return np.array(partner, np.intp)
