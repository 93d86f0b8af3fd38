"""Affinities of labels."""

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels


def affinities_of(
    labels: NDArray[Any],
    known: NDArray[np.bool_],
    neighborhood: Sequence[Voxels],
    before: Voxels,
    after: Voxels,
    background_as_object: bool,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Whether p and p + offset belong together, and whether both are known: (c, (z,) y, x) each.

    `labels` and `known` ((z,) y, x) are larger than the result by `before` and `after`, so that no offset
    leaves them. Two background voxels do not belong together unless `background_as_object`.
    """
    shape = tuple(n - b - a for n, b, a in zip(labels.shape, before, after, strict=True))
    joined = np.empty((len(neighborhood), *shape), np.uint8)
    judged = np.ones(joined.shape, np.bool_)
    everything = bool(known.all())
    for channel, offset in enumerate(neighborhood):
        here, there = (_cut(labels, start, shape) for start in _starts(before, offset))
        _compare(_as_volume(here), _as_volume(there), background_as_object, _as_volume(joined[channel]))
        if not everything:
            one, other = (_cut(known, start, shape) for start in _starts(before, offset))
            np.logical_and(one, other, out=judged[channel])
    return joined, judged


def count_pairs(joined: NDArray[np.uint8], judged: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many judged pairs are parted, and how many joined."""
    counts: NDArray[np.int64] = _count(joined.ravel(), judged.ravel())
    return counts


def weigh_pairs(
    joined: NDArray[np.uint8],
    judged: NDArray[np.bool_],
    weights: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the weight of parted or joined pairs, `weights` (2,), into the contiguous `out`; else 0."""
    _weigh(joined.ravel(), judged.ravel(), weights, out.reshape(-1))


def _starts(before: Voxels, offset: Voxels) -> tuple[Voxels, Voxels]:
    return before, tuple(b + step for b, step in zip(before, offset, strict=True))


def _cut(array: NDArray[Any], start: Voxels, shape: Voxels) -> NDArray[Any]:
    return array[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]


def _as_volume(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.ndim == 3 else array[None]


@numba.njit(nogil=True, cache=True)
def _compare(here, there, background_as_object, joined):  # type: ignore[no-untyped-def]
    """Fill `joined` (z, y, x) uint8 from two cuts of the labels of that shape."""
    for z in range(joined.shape[0]):
        for y in range(joined.shape[1]):
            one, other, row = here[z, y], there[z, y], joined[z, y]
            for x in range(row.size):
                row[x] = (one[x] == other[x]) & (background_as_object | (one[x] != 0))


@numba.njit(nogil=True, cache=True)
def _count(joined, judged):  # type: ignore[no-untyped-def]
    both = np.zeros(2, np.int64)
    for pair in range(joined.size):
        both[0] += judged[pair] & (joined[pair] == 0)
        both[1] += judged[pair] & (joined[pair] != 0)
    return both


@numba.njit(nogil=True, cache=True)
def _weigh(joined, judged, weights, out):  # type: ignore[no-untyped-def]
    parted, together = weights
    for pair in range(out.size):
        out[pair] = (together if joined[pair] else parted) if judged[pair] else np.float32(0)
