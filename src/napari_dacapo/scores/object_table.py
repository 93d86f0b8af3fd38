"""What became of each true object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.scores.contingency import Contingency, Counts, Ids
from napari_dacapo.scores.matching import Overlaps

LEAST_SHARE = 0.05  # of an object's voxels; less is the noise of borders


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """One row for each true object, (o,) each, ascending by id; 0 is the background and has none."""

    ids: Ids
    voxels: Counts
    best_iou: NDArray[np.float64]  # with whichever segment fits best; 0 where no segment touches it
    best_segment: Ids  # that segment; 0 where there is none
    split_into: Counts  # segments that hold a twentieth of it or more
    merged_with: Counts  # other objects of which a twentieth or more is in the segment that holds most of it

    @classmethod
    def of(cls, table: Contingency) -> "ObjectTable":
        overlaps = Overlaps.of(table)
        best = _best(overlaps, len(table.objects))
        rows = table.objects != 0
        covered = best >= 0
        best_iou = np.where(covered, overlaps.iou[best], 0.0) if len(overlaps.iou) else np.zeros(len(best))
        segment = np.zeros(len(best), np.uint64)
        segment[covered] = table.segments[overlaps.segments[best[covered]]]
        split, merged = _splits_and_merges(table)
        return cls(
            table.objects[rows],
            table.object_sizes[rows],
            best_iou[rows],
            segment[rows],
            split[rows],
            merged[rows],
        )


def _best(overlaps: Overlaps, objects: int) -> NDArray[np.intp]:
    """(o,) which of the overlaps has an object's highest IoU; -1 where it has none."""
    best = np.full(objects, -1, np.intp)
    order = np.argsort(overlaps.iou, kind="stable")
    best[overlaps.objects[order]] = order
    return best


def _splits_and_merges(table: Contingency) -> tuple[Counts, Counts]:
    """(o,) each, of all rows of the table."""
    segments, objects = table.pairs.T
    found = (table.segments[segments] != 0) & (table.objects[objects] != 0)
    notable = found & (table.counts >= LEAST_SHARE * table.object_sizes[objects])
    split = np.bincount(objects[notable], minlength=len(table.objects))
    held = np.bincount(segments[notable], minlength=len(table.segments))
    order = np.flatnonzero(found)[np.argsort(table.counts[found], kind="stable")]
    most = np.full(len(table.objects), -1, np.intp)
    most[objects[order]] = order
    has = most >= 0
    merged = np.zeros(len(table.objects), np.int64)
    merged[has] = held[segments[most[has]]] - notable[most[has]]
    return split, merged
