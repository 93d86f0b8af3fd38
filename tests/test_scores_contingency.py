"""One pass over two label images gives every pair of ids and how many voxels they share."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from napari_dacapo.errors import UserInputError
from napari_dacapo.scores import contingency
from napari_dacapo.scores.contingency import Contingency

LARGE = 2**63 + 5
IDS = np.array([0, 1, 2, 7, 2**32, LARGE - 1, LARGE, 2**64 - 1], np.uint64)


def pairs_of(table: Contingency) -> dict[tuple[int, int], int]:
    """Shared voxels by ids of segment and object."""
    segments, objects = table.segments[table.pairs[:, 0]], table.objects[table.pairs[:, 1]]
    return dict(
        zip(zip(segments.tolist(), objects.tolist(), strict=True), table.counts.tolist(), strict=True)
    )


@st.composite
def labelled_pairs(draw):
    """Segmentation, truth and what is known, of one shape."""
    shape = draw(array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6))
    places = arrays(np.intp, shape, elements=st.integers(0, len(IDS) - 1))
    return IDS[draw(places)], IDS[draw(places)], draw(arrays(np.bool_, shape))


def test_the_table_of_three_voxels():
    table = Contingency.of(np.array([1, 1, 2]), np.array([5, 7, 7]))
    assert table.segments.tolist() == [1, 2]
    assert table.objects.tolist() == [5, 7]
    assert table.segment_sizes.tolist() == [2, 1]
    assert table.object_sizes.tolist() == [1, 2]
    assert table.pairs.tolist() == [[0, 0], [0, 1], [1, 1]]
    assert table.counts.tolist() == [1, 1, 1]
    assert table.total == 3


@given(labelled_pairs())
def test_the_table_is_that_of_counting_voxel_by_voxel(drawn):
    segmentation, truth, known = drawn
    table = Contingency.of(segmentation, truth, known)
    kept = known.ravel()
    naive = Counter(zip(segmentation.ravel()[kept].tolist(), truth.ravel()[kept].tolist(), strict=True))
    assert pairs_of(table) == naive
    assert dict(zip(table.segments.tolist(), table.segment_sizes.tolist(), strict=True)) == Counter(
        segmentation.ravel()[kept].tolist()
    )
    assert dict(zip(table.objects.tolist(), table.object_sizes.tolist(), strict=True)) == Counter(
        truth.ravel()[kept].tolist()
    )


@given(labelled_pairs())
def test_voxels_within_objects_are_those_whose_truth_is_not_background(drawn):
    segmentation, truth, known = drawn
    inside = Contingency.of(segmentation, truth, known & (truth != 0))
    assert pairs_of(Contingency.of(segmentation, truth, known).within_objects()) == pairs_of(inside)


def test_a_table_of_many_pairs_outgrows_its_first_slots():
    numbers = np.arange(5000, dtype=np.uint32)
    table = Contingency.of(np.repeat(numbers, 2), np.repeat(numbers[::-1], 2))
    assert table.counts.tolist() == [2] * 5000
    assert pairs_of(table)[(4999, 0)] == 2


@pytest.mark.parametrize("block", [1, 3, 5])
def test_runs_of_equal_voxels_go_on_from_one_block_to_the_next(monkeypatch, block):
    monkeypatch.setattr(contingency, "BLOCK", block)
    segmentation, truth = np.array([1] * 7 + [2] * 4), np.array([1] * 5 + [3] * 6)
    known = np.array([True] * 8 + [False] + [True] * 2)
    assert pairs_of(Contingency.of(segmentation, truth, known)) == {(1, 1): 5, (1, 3): 2, (2, 3): 3}


@pytest.mark.parametrize(
    "given_as",
    [
        lambda ids: ids.astype(">u8"),
        np.asfortranarray,
        lambda ids: ids[::-1, ::-1][::-1, ::-1],
        lambda ids: np.repeat(ids, 2, axis=1)[:, ::2],
    ],
    ids=["big-endian", "Fortran order", "negative strides", "every second column"],
)
def test_how_ids_lie_in_memory_does_not_matter(given_as):
    ids = np.array([[LARGE, LARGE + 1, 0], [LARGE, 3, 0]], np.uint64)
    assert pairs_of(Contingency.of(given_as(ids), ids)) == {
        (0, 0): 2,
        (3, 3): 1,
        (LARGE, LARGE): 2,
        (LARGE + 1, LARGE + 1): 1,
    }


def test_classes_as_truth_values_are_ids_0_and_1():
    table = Contingency.of(np.array([True, False]), np.array([1, 1], np.uint8))
    assert pairs_of(table) == {(0, 1): 1, (1, 1): 1}


@pytest.mark.parametrize("known_shape", [(2, 2), (4,)])
def test_arrays_of_other_voxels_are_refused(known_shape):
    with pytest.raises(UserInputError, match=r"segmentation is \(4,\).*truth .* has the shape \(2, 2\)"):
        Contingency.of(np.zeros(4, np.uint8), np.zeros((2, 2), np.uint8), np.ones(known_shape, np.bool_))
