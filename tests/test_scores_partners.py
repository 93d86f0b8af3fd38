"""Which object of one segmentation is which of another: one to one, those that share most first."""

import numpy as np
import pytest

from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.partners import NOBODY, partners

CASES = [
    ("the same objects under other ids", [1, 1, 2], [7, 7, 5], {1: 7, 2: 5}),
    ("of a split object the larger part", [1, 1, 2], [5, 5, 5], {1: 5, 2: None}),
    ("of merged objects the larger one", [1, 1, 1], [5, 7, 7], {1: 7}),
    ("nobody twice", [1, 1, 1, 2, 2], [5, 7, 7, 7, 7], {1: 7, 2: None}),
    ("the second choice where the first is taken", [1, 1, 1, 2, 2, 2], [5, 5, 5, 5, 5, 7], {1: 5, 2: 7}),
    ("background with background only", [0, 0, 1], [0, 5, 5], {0: 0, 1: 5}),
    ("an object is nobody's background", [0, 0, 1], [5, 5, 0], {0: None, 1: None}),
    ("ids beyond all signed integers", [2**63, 2**63, 3], [1, 1, 2**64 - 1], {2**63: 1, 3: 2**64 - 1}),
]


@pytest.mark.parametrize(
    ("first", "second", "pairs"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_partners_share_most_voxels(
    first: list[int], second: list[int], pairs: dict[int, int | None]
) -> None:
    table = Contingency.of(np.array(first, np.uint64), np.array(second, np.uint64))
    found = partners(table).tolist()
    named = [None if place == NOBODY else int(table.objects[place]) for place in found]
    assert dict(zip(table.segments.tolist(), named, strict=True)) == pairs


def test_nothing_has_no_partners() -> None:
    nothing = np.empty(0, np.uint8)
    assert partners(Contingency.of(nothing, nothing)).tolist() == []
