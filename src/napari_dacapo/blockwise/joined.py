"""What pairs connect, over all blocks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def offsets_of(counts: Iterable[int]) -> NDArray[np.int64]:
    """What to add to a number of something in a block, from 1, for its place among all of them, from 0.

    Of 3, 0 and 2 things: -1, 2, 2; the last entry tells how many there are, 5.
    """
    ends = np.cumsum([0, *counts])
    ends[:-1] -= 1
    return ends.astype(np.int64)


def joined(count: int, pairs: Iterable[NDArray[np.int64]], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """(count,) the component of each thing, numbered from 0 in the order of their first things.

    `pairs` (n, 4): number of the block, number in it, and both of the other.
    """
    table = np.concatenate([np.zeros((0, 4), np.int64), *pairs])
    one, other = offsets[table[:, 0]] + table[:, 1], offsets[table[:, 2]] + table[:, 3]
    graph = coo_array((np.ones(len(one), np.bool_), (one, other)), shape=(count, count))
    _, found = connected_components(graph, directed=False)
    _, first, order = np.unique(found, return_index=True, return_inverse=True)
    components: NDArray[np.int64] = np.argsort(np.argsort(first))[order].astype(np.int64)
    return components
