"""Classes count alike, but a single voxel never outweighs all others."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from napari_dacapo.tasks.balance import balanced


@pytest.mark.parametrize(
    ("counts", "weights"),
    [
        ([50, 50], [1, 1]),
        ([20, 80], [2.5, 0.625]),
        ([1, 999], [10, 1 / (2 * 0.95)]),  # clipped to shares of 0.05 and 0.95
        ([0, 100], [10, 1 / (2 * 0.95)]),
        ([0, 0], [10, 10]),  # of nothing
        ([10, 20, 70], [10 / 3, 5 / 3, 10 / 21]),
        ([30, 0, 70], [5 / 3, 10, 5 / 7]),  # two of three are there
    ],
)
def test_weights_by_how_many_voxels_each_class_has(counts, weights):
    assert balanced(np.array(counts), 0.05, 0.95) == pytest.approx(weights)


shares = st.floats(0.01, 0.99)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=6), shares, shares)
def test_weights_stay_within_the_bounds_that_the_shares_set(counts, one, other):
    lowest, highest = min(one, other), max(one, other)
    weights = balanced(np.array(counts), lowest, highest)
    classes = max(2, np.count_nonzero(counts))
    assert np.isfinite(weights).all()
    assert (weights <= 1 / (classes * lowest) * (1 + 1e-6)).all()
    assert (weights >= 1 / (classes * highest) * (1 - 1e-6)).all()


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6))
def test_unless_clipped_each_class_weighs_the_same_and_all_together_as_many_as_there_are_voxels(counts):
    voxels = np.array(counts)
    together = balanced(voxels, 1e-6, 1 - 1e-6) * voxels
    assert together == pytest.approx(np.full(len(counts), voxels.sum() / len(counts)))
