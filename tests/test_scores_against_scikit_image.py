"""Variation of information and adapted Rand error are those of scikit-image."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.metrics import adapted_rand_error, variation_of_information

from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.variation_of_information import VariationOfInformation


@st.composite
def labelled_pairs(draw):
    """Segmentation, truth and what is known, of one shape, with and without background."""
    shape = draw(array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6))
    lowest = draw(st.integers(0, 1))
    ids = arrays(np.uint16, shape, elements=st.integers(lowest, draw(st.integers(1, 8))))
    return draw(ids), draw(ids), draw(arrays(np.bool_, shape))


def blocks(shape, side):
    """Ids of cubes of that side, from 1 on."""
    places = np.indices(shape) // side
    return np.ravel_multi_index(tuple(places), np.add(shape, side - 1) // side) + 1


@given(labelled_pairs(), st.booleans())
def test_variation_of_information_is_that_of_scikit_image(drawn, ignore_background):
    segmentation, truth, known = drawn
    ignored = (0,) if ignore_background else ()
    assume((known & ~np.isin(truth, ignored)).any())
    split, merge = variation_of_information(truth[known], segmentation[known], ignore_labels=ignored)
    score = VariationOfInformation(ignore_background=ignore_background)
    ours = score.of(Contingency.of(segmentation, truth, known))
    assert ours == pytest.approx((split + merge, split, merge), abs=1e-9)


@given(labelled_pairs(), st.booleans())
def test_adapted_rand_error_is_that_of_scikit_image(drawn, ignore_background):
    segmentation, truth, known = drawn
    ignored = (0,) if ignore_background else ()
    assume(known.any())
    with np.errstate(invalid="ignore", divide="ignore"):  # where no two voxels are joined, it divides by 0
        error, _, _ = adapted_rand_error(truth[known], segmentation[known], ignore_labels=ignored)
    assume(not math.isnan(error))
    (ours,) = AdaptedRand(ignore_background=ignore_background).of(Contingency.of(segmentation, truth, known))
    assert ours == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize(("found_side", "true_side"), [(4, 4), (2, 4), (4, 2), (3, 4)])
def test_cubes_are_judged_as_scikit_image_judges_them(found_side, true_side):
    segmentation, truth = blocks((12, 12, 12), found_side), blocks((12, 12, 12), true_side)
    table = Contingency.of(segmentation, truth)
    split, merge = variation_of_information(truth, segmentation)
    assert VariationOfInformation().of(table) == pytest.approx((split + merge, split, merge), abs=1e-9)
    assert AdaptedRand().of(table)[0] == pytest.approx(adapted_rand_error(truth, segmentation)[0])


@pytest.mark.parametrize(
    ("segmentation", "truth", "split", "merge"),
    [
        ([1, 1, 2, 2], [5, 5, 5, 5], 1.0, 0.0),  # an object cut into two equal halves
        ([5, 5, 5, 5], [1, 1, 2, 2], 0.0, 1.0),  # two equal objects in one segment
        ([1, 2, 3, 4], [5, 5, 5, 5], 2.0, 0.0),
        ([1, 1, 2, 2], [1, 2, 1, 2], 1.0, 1.0),
        ([3, 3, 0, 0], [1, 1, 2, 2], 0.0, 0.0),  # background is one segment like any other
    ],
)
def test_variation_of_information_in_bits(segmentation, truth, split, merge):
    values = VariationOfInformation().of(Contingency.of(np.array(segmentation), np.array(truth)))
    assert values == (split + merge, split, merge)


@pytest.mark.parametrize(
    ("segmentation", "truth", "error"),
    [
        ([1, 1, 2, 2], [7, 7, 8, 8], 0.0),
        ([1, 1, 1, 1], [7, 7, 8, 8], 1 - 2 * 4 / (12 + 4)),  # 4 right pairs of 12 found, 4 true
        ([1, 2, 3, 4], [7, 7, 8, 8], 1.0),
        ([1, 2, 3, 4], [5, 6, 7, 8], 0.0),  # nothing to join, nothing joined
        ([1, 1, 1, 1], [7, 7, 0, 0], 0.0),  # true background is left out
    ],
)
def test_adapted_rand_error_over_ordered_pairs(segmentation, truth, error):
    assert AdaptedRand().of(Contingency.of(np.array(segmentation), np.array(truth))) == pytest.approx(
        (error,)
    )


def test_the_squares_of_large_objects_do_not_overflow():
    voxels = 2**40
    table = Contingency.from_pairs(*np.array([[1, 2], [1, 1]], np.uint64), np.array([voxels, voxels]))
    assert AdaptedRand().of(table)[0] == pytest.approx(1 - 2 * 2 / (2 + 4))
    assert VariationOfInformation().of(table) == (1.0, 1.0, 0.0)
