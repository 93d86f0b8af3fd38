"""Which segment shares how many voxels with which object."""

from dataclasses import dataclass
from typing import Any, Self

import numba
import numpy as np
from numpy.typing import NDArray

from napari_dacapo.errors import UserInputError

BLOCK = 1 << 20  # voxels widened to uint64 at a time
FIRST_SLOTS = 1 << 10

Ids = NDArray[np.uint64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contingency:
    """The sparse table of shared voxels; every score of a segmentation is read from it.

    Segments are what was found, objects what is true. The background, id 0, has a row of its own on
    either side if there is any. Unknown voxels are in no count.

        segments 1 1 2     segments (1, 2)   segment_sizes (2, 1)
        objects  5 7 7     objects  (5, 7)   object_sizes  (1, 2)
        pairs (0, 0) (0, 1) (1, 1)           counts (1, 1, 1)
    """

    segments: Ids  # (s,) ascending
    objects: Ids  # (o,) ascending
    segment_sizes: Counts  # (s,) voxels
    object_sizes: Counts  # (o,) voxels
    pairs: NDArray[np.intp]  # (p, 2) places in `segments` and `objects` that share voxels
    counts: Counts  # (p,) how many they share

    @classmethod
    def of(
        cls, segmentation: NDArray[Any], truth: NDArray[Any], known: NDArray[np.bool_] | None = None
    ) -> Self:
        """The table of two arrays of unsigned ids of any shape, counted in one pass."""
        if segmentation.shape != truth.shape or (known is not None and known.shape != truth.shape):
            problem = f"the truth it is scored against has the shape {truth.shape}"
            raise UserInputError("segmentation", segmentation.shape, problem, "Give both on the same voxels")
        return cls.from_pairs(*_counted(segmentation.ravel(), truth.ravel(), known))

    @classmethod
    def from_pairs(cls, segments: Ids, objects: Ids, counts: Counts) -> Self:
        """The table of distinct pairs of ids and how many voxels they share, (p,) each."""
        segment_ids, segment_places = np.unique(segments, return_inverse=True)
        object_ids, object_places = np.unique(objects, return_inverse=True)
        return cls(
            segments=segment_ids,
            objects=object_ids,
            segment_sizes=_summed(segment_places, counts, len(segment_ids)),
            object_sizes=_summed(object_places, counts, len(object_ids)),
            pairs=np.stack([segment_places, object_places], axis=1),
            counts=counts,
        )

    @property
    def total(self) -> int:
        """How many voxels were counted."""
        return int(self.counts.sum())

    def within_objects(self) -> "Contingency":
        """The table of the voxels that belong to a true object: those of its background are left out."""
        segments, objects = self.segments[self.pairs[:, 0]], self.objects[self.pairs[:, 1]]
        kept = objects != 0
        return Contingency.from_pairs(segments[kept], objects[kept], self.counts[kept])


def _summed(places: NDArray[np.intp], counts: Counts, length: int) -> Counts:
    sums = np.zeros(length, np.int64)
    np.add.at(sums, places, counts)
    return sums


def _counted(
    segmentation: NDArray[Any], truth: NDArray[Any], known: NDArray[np.bool_] | None
) -> tuple[Ids, Ids, Counts]:
    """Distinct pairs in the order of their ids, and their counts."""
    chosen = None if known is None or known.all() else known.ravel()
    segments, objects = np.zeros((2, FIRST_SLOTS), np.uint64)
    counts = np.zeros(FIRST_SLOTS, np.int64)
    filled = 0
    for start in range(0, truth.size, BLOCK):
        block = slice(start, start + BLOCK)
        pair = segmentation[block], truth[block]
        if chosen is not None:
            pair = pair[0][chosen[block]], pair[1][chosen[block]]
        pair = pair[0].astype(np.uint64, copy=False), pair[1].astype(np.uint64, copy=False)
        segments, objects, counts, filled = _count(*pair, segments, objects, counts, filled)
    used = np.flatnonzero(counts)
    order = used[np.lexsort((objects[used], segments[used]))]
    return segments[order], objects[order], counts[order]


@numba.njit(nogil=True, cache=True)
def _count(found, true, segments, objects, counts, filled):  # type: ignore[no-untyped-def]
    """Add (n,) uint64 ids to a hash table with open addressing, one look-up per run of equal pairs.

    found  1 1 1 1 2 2
    true   5 5 7 7 7 7
    runs   --2 --2 --2
    """
    start = 0
    while start < found.size:
        stop = start + 1
        while stop < found.size and found[stop] == found[start] and true[stop] == true[start]:
            stop += 1
        if 2 * filled >= counts.size:
            segments, objects, counts = _grown(segments, objects, counts)
        slot = _slot(segments, objects, counts, found[start], true[start])
        if counts[slot] == 0:
            segments[slot], objects[slot] = found[start], true[start]
            filled += 1
        counts[slot] += stop - start
        start = stop
    return segments, objects, counts, filled


@numba.njit(nogil=True, cache=True)
def _slot(segments, objects, counts, segment, true):  # type: ignore[no-untyped-def]
    """Where the pair is, or the free slot where it belongs."""
    mixed = segment * np.uint64(0x9E3779B97F4A7C15) ^ (true + np.uint64(0x7F4A7C15)) * np.uint64(
        0xC2B2AE3D27D4EB4F
    )
    mask = np.uint64(counts.size - 1)
    slot = (mixed ^ (mixed >> np.uint64(29))) & mask
    while counts[slot] and (segments[slot] != segment or objects[slot] != true):
        slot = (slot + np.uint64(1)) & mask
    return slot


@numba.njit(nogil=True, cache=True)
def _grown(segments, objects, counts):  # type: ignore[no-untyped-def]
    more_segments, more_objects = np.zeros((2, 4 * counts.size), np.uint64)
    more_counts = np.zeros(4 * counts.size, np.int64)
    for old in range(counts.size):
        if counts[old]:
            slot = _slot(more_segments, more_objects, more_counts, segments[old], objects[old])
            more_segments[slot], more_objects[slot] = segments[old], objects[old]
            more_counts[slot] = counts[old]
    return more_segments, more_objects, more_counts
