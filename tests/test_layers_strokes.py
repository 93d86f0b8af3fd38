"""Whether labels look as if they were painted in part."""

import numpy as np
import pytest

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.layers.pixels import Pixels
from napari_dacapo.layers.strokes import may_be_strokes


@pytest.mark.parametrize(
    ("row", "may_be"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0], True),  # not painted yet
        ([1, 1, 0, 0, 0, 0, 0, 2], True),
        ([1, 0, 2, 3, 4, 0, 0, 0], True),  # a quarter of what is painted is 1
        ([1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0], False),  # a sixth: one object of six
        ([0, 0, 2, 2, 0, 0, 3, 3], False),  # nobody painted background
        ([1, 1, 1, 2, 2, 0, 0, 0], False),  # most is painted
    ],
)
def test_in_strokes_most_is_not_painted_and_background_is(row: list[int], may_be: bool) -> None:
    assert may_be_strokes(np.array([row], np.uint8)) is may_be


def test_strokes_in_one_plane_of_a_large_stack_are_seen() -> None:
    stack = np.zeros((64, 128, 128), np.uint8)
    assert may_be_strokes(stack)
    stack[17, :64, :64] = 7  # a two hundred and fifty-sixth of all, without background
    assert not may_be_strokes(stack)


def test_what_lies_in_a_file_is_not_looked_at() -> None:
    assert not may_be_strokes(Pixels(from_numpy(np.zeros((2, 2), np.uint8), "yx", (1.0, 1.0))))
