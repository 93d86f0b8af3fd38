"""Which segment stands for which object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_dacapo.scores.contingency import Contingency


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The pairs of a segment and an object that share voxels, the background of either left out."""

    segments: NDArray[np.intp]  # (p,) places in the table's `segments`
    objects: NDArray[np.intp]  # (p,) places in the table's `objects`
    iou: NDArray[np.float64]  # (p,) intersection over union, 0 < iou <= 1

    @classmethod
    def of(cls, table: Contingency) -> "Overlaps":
        kept = (table.segments[table.pairs[:, 0]] != 0) & (table.objects[table.pairs[:, 1]] != 0)
        segments, objects = table.pairs[kept].T
        shared = table.counts[kept]
        union = table.segment_sizes[segments] + table.object_sizes[objects] - shared
        return cls(segments, objects, shared / union)

    def matched(self, threshold: float) -> NDArray[np.float64]:
        """The IoU of each matched pair, at least `threshold`, every segment and object at most once.

        As many pairs as possible, of equally many those with the highest IoU (StarDist's rule).
        Above 0.5 every pair is the only one of its segment and object; below, the assignment is optimal.
        """
        kept = self.iou >= threshold
        segments, objects, iou = self.segments[kept], self.objects[kept], self.iou[kept]
        _, segments = np.unique(segments, return_inverse=True)
        _, objects = np.unique(objects, return_inverse=True)
        if len(iou) == 0 or (segments.max() + 1 == len(iou) and objects.max() + 1 == len(iou)):
            return iou
        return np.concatenate(
            [_assigned(segments[i], objects[i], iou[i]) for i in _connected(segments, objects)]
        )


def _connected(segments: NDArray[np.intp], objects: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The pairs in groups that share no segment or object: each is assigned by itself."""
    nodes = int(segments.max() + objects.max()) + 2
    links = coo_array(
        (np.ones(len(segments)), (segments, objects + segments.max() + 1)), shape=(nodes, nodes)
    )
    _, groups = connected_components(links, directed=False)
    order = np.argsort(groups[segments], kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[segments][order])) + 1)


def _assigned(
    segments: NDArray[np.intp], objects: NDArray[np.intp], iou: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows, row = np.unique(segments, return_inverse=True)
    columns, column = np.unique(objects, return_inverse=True)
    gain = np.zeros((len(rows), len(columns)))
    gain[row, column] = 1 + iou / (2 * min(gain.shape))
    known = np.zeros(gain.shape)
    known[row, column] = iou
    found = known[linear_sum_assignment(gain, maximize=True)]
    matched: NDArray[np.float64] = found[found > 0]
    return matched
