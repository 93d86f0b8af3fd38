"""Pairs of numbers, each once, with how often it is there."""

import numpy as np
import pytest

from napari_dacapo.blockwise.distinct import distinct_pairs


@pytest.mark.parametrize("dtype", [np.int16, np.int64])
def test_pairs_are_told_once_in_their_order(dtype: type) -> None:
    first, second = np.array([[2, 7], [-1, 5], [2, -7], [2, 7], [-1, 5], [2, 7]], dtype).T
    pairs, counts = distinct_pairs(first, second)
    assert pairs.tolist() == [[-1, 5], [2, -7], [2, 7]] and counts.tolist() == [2, 1, 3]


def test_the_largest_numbers_of_an_image_are_kept_apart() -> None:
    top = 2**31
    first, second = np.array([[top, top - 1], [top - 1, top], [top, top]], np.uint32).T
    assert distinct_pairs(first, second)[0].tolist() == [[top - 1, top], [top, top - 1], [top, top]]


def test_of_nothing_there_is_no_pair() -> None:
    pairs, counts = distinct_pairs(np.zeros(0, np.uint32), np.zeros(0, np.uint32))
    assert pairs.shape == (0, 2) and counts.shape == (0,)
