"""How many objects were found, and how well they are covered."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from napari_dacapo.errors import UserInputError
from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.matching import Overlaps
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.object_table import ObjectTable
from napari_dacapo.scores.score import criteria_of, values_of
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.affinities import Affinities

NAN = math.nan
ALL = (VariationOfInformation(), AdaptedRand(), Detection(), MeanIoU())

# objects      1 1 1 1 2 2 2 2 3 3 0 0 0
# segments     8 8 8 8 5 5 5 0 0 0 5 6 6
# IoU          1       3/5     0            6 is no object
TRUTH = np.array([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 0, 0, 0])
FOUND = np.array([8, 8, 8, 8, 5, 5, 5, 0, 0, 0, 5, 6, 6])


def table_of(segmentation, truth) -> Contingency:
    return Contingency.of(np.array(segmentation), np.array(truth))


def of_overlaps(overlaps: dict[tuple[int, int], int]) -> Contingency:
    """The table of shared voxels by ids of segment and object."""
    segments, objects = np.array(list(overlaps), np.uint64).T
    return Contingency.from_pairs(segments, objects, np.array(list(overlaps.values())))


@pytest.mark.parametrize(
    ("threshold", "ap", "f1", "precision", "recall", "mean_iou", "matched_iou"),
    [
        (0.5, 2 / 4, 2 / 3, 2 / 3, 2 / 3, (1 + 0.6) / 3, 0.8),
        (0.6, 2 / 4, 2 / 3, 2 / 3, 2 / 3, (1 + 0.6) / 3, 0.8),  # at least the threshold
        (0.61, 1 / 5, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1.0),
        (1.0, 1 / 5, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1.0),
    ],
)
def test_three_objects_of_which_two_are_found(threshold, ap, f1, precision, recall, mean_iou, matched_iou):
    table = table_of(FOUND, TRUTH)
    assert Detection(threshold=threshold).of(table) == pytest.approx((ap, f1, precision, recall))
    assert MeanIoU(threshold=threshold).of(table) == pytest.approx((mean_iou, matched_iou))


@pytest.mark.parametrize(
    ("segmentation", "truth", "voi", "rand", "detection", "iou"),
    [
        # nothing found: one segment, the background, holds both objects
        ([0, 0, 0, 0], [1, 1, 2, 2], (1, 0, 1), 0.5, (0, 0, NAN, 0), (0, NAN)),
        # nothing there: the background is cut in two
        ([1, 1, 0, 0], [0, 0, 0, 0], (1, 1, 0), NAN, (0, 0, 0, NAN), (NAN, NAN)),
        # neither
        ([0, 0, 0, 0], [0, 0, 0, 0], (0, 0, 0), NAN, (NAN, NAN, NAN, NAN), (NAN, NAN)),
        # one object, found
        ([3, 3, 3, 3], [9, 9, 9, 9], (0, 0, 0), 0, (1, 1, 1, 1), (1, 1)),
        # one object of one voxel, found
        ([3, 0, 0, 0], [9, 0, 0, 0], (0, 0, 0), 0, (1, 1, 1, 1), (1, 1)),
        # large ids stay apart
        ([1, 1, 2, 2], [2**63 + 5, 2**63 + 5, 2**63 + 6, 2**63 + 6], (0, 0, 0), 0, (1, 1, 1, 1), (1, 1)),
        # no voxel is known
        ([], [], (NAN, NAN, NAN), NAN, (NAN, NAN, NAN, NAN), (NAN, NAN)),
    ],
)
def test_what_scores_say_where_there_is_little_to_judge(segmentation, truth, voi, rand, detection, iou):
    table = Contingency.of(np.array(segmentation, np.uint64), np.array(truth, np.uint64))
    values = values_of(ALL, table)
    expected = (*voi, rand, *detection, *iou)
    assert tuple(values.values()) == pytest.approx(expected, nan_ok=True)


def test_criteria_are_named_after_their_threshold():
    assert [criterion.name for criterion in Detection().criteria()] == [
        "ap_50",
        "f1_50",
        "precision_50",
        "recall_50",
    ]
    assert Detection(threshold=0.125).criteria()[0].name == "ap_12_5"


def test_two_scores_of_one_name_are_refused_and_of_two_thresholds_are_not():
    assert len(criteria_of(Affinities(scores=(Detection(), Detection(threshold=0.75))).scores)) == 8
    with pytest.raises(UserInputError, match=r"scores .* two scores give the number voi_sum. Remove one"):
        Affinities(scores=(VariationOfInformation(), VariationOfInformation(ignore_background=True)))


def test_a_best_pair_is_given_up_where_two_others_are_then_matched():
    table = of_overlaps({(1, 1): 8, (1, 2): 3, (2, 1): 3})  # IoU 8/14, and 3/11 twice
    matched = Overlaps.of(table).matched(0.25)
    assert matched.tolist() == [3 / 11, 3 / 11]
    assert Detection(threshold=0.25).of(table) == (1.0, 1.0, 1.0, 1.0)


def test_of_two_halves_at_one_half_only_one_is_matched():
    assert Detection(threshold=0.5).of(table_of([1, 2], [7, 7])) == pytest.approx((1 / 2, 2 / 3, 1 / 2, 1))


overlap_counts = arrays(np.int64, (4, 4), elements=st.integers(0, 5), fill=st.nothing())


@given(overlap_counts, st.sampled_from([0.05, 0.2, 0.4, 0.5, 0.7]))
def test_as_many_pairs_as_possible_are_matched_and_of_those_the_best(counts, threshold):
    pairs = {(s + 1, o + 1): int(counts[s, o]) for s, o in zip(*np.nonzero(counts), strict=True)}
    if not pairs:
        return
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0)[None] - counts
    iou = counts / union.clip(1)
    kept = np.where(iou >= threshold, iou, 0) * (counts > 0)
    choices = ([kept[s, o] for s, o in enumerate(order)] for order in itertools.permutations(range(4)))
    best = max((np.count_nonzero(choice), sum(choice)) for choice in choices)
    matched = Overlaps.of(of_overlaps(pairs)).matched(threshold)
    assert (len(matched), matched.sum()) == pytest.approx(best)
    assert (matched >= threshold).all()


def test_the_background_is_never_matched():
    assert Overlaps.of(table_of([0, 0, 1], [0, 5, 0])).iou.tolist() == []


def test_what_became_of_each_object():
    # object    1: found; 2: cut into 5 and 6; 3 and 4: both in 7; 9: missed
    table = of_overlaps(
        {(4, 1): 10, (5, 2): 6, (6, 2): 4, (7, 3): 8, (7, 4): 2, (0, 4): 2, (0, 9): 3, (4, 0): 5}
    )
    rows = ObjectTable.of(table)
    assert rows.ids.tolist() == [1, 2, 3, 4, 9]
    assert rows.voxels.tolist() == [10, 10, 8, 4, 3]
    assert rows.best_iou == pytest.approx([10 / 15, 6 / 10, 8 / 10, 2 / 12, 0])
    assert rows.best_segment.tolist() == [4, 5, 7, 7, 0]
    assert rows.split_into.tolist() == [1, 2, 1, 1, 0]
    assert rows.merged_with.tolist() == [0, 0, 1, 1, 0]


def test_a_twentieth_of_an_object_counts_and_less_is_the_noise_of_borders():
    table = of_overlaps({(1, 1): 95, (2, 1): 5, (3, 2): 96, (4, 2): 4})
    assert ObjectTable.of(table).split_into.tolist() == [2, 1]


def test_no_objects_give_no_rows():
    assert ObjectTable.of(table_of([1, 1], [0, 0])).ids.tolist() == []
    assert ObjectTable.of(table_of([0, 0], [0, 4])).best_iou.tolist() == [0.0]
