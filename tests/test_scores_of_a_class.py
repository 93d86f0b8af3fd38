"""Scores of a class by where its voxels lie: worked by hand, and against scipy and scikit-image."""

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.distance import directed_hausdorff
from skimage.metrics import adapted_rand_error, hausdorff_distance, variation_of_information

from napari_dacapo.errors import UserInputError
from napari_dacapo.scores.boundary_distances import BoundaryDistances
from napari_dacapo.scores.class_information import ClassInformation
from napari_dacapo.scores.class_score import criteria_of_classes, values_of_classes
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.cremi import Cremi
from napari_dacapo.scores.error_rates import ErrorRates
from napari_dacapo.scores.tolerant_rates import TolerantRates
from napari_dacapo.tasks.one_hot import OneHot

VOXEL_SIZES = [(1.0, 1.0), (3.0, 2.0), (40.0, 4.0, 4.0)]
sized = pytest.mark.parametrize("voxel_size", VOXEL_SIZES, ids=str)


def named(score, found, true, voxel_size) -> dict[str, float]:
    names = (criterion.name for criterion in score.criteria())
    return dict(zip(names, score.of(found, true, voxel_size), strict=True))


def row(*voxels: int) -> np.ndarray:
    return np.array([voxels], np.bool_)


def blobs(dims: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two masks that are partly alike."""
    rng = np.random.default_rng(seed)
    first, change = ndimage.gaussian_filter(rng.normal(size=(2, *(20,) * dims)), (0, *(2,) * dims))
    return first > 0.02, first + 0.7 * change > 0.02


def distances(mask, other, voxel_size) -> np.ndarray:
    """Of each voxel of the mask to the nearest of the other, by a tree of their places."""
    places = (np.argwhere(each) * voxel_size for each in (other, mask))
    return cKDTree(next(places)).query(next(places))[0]


# true   1 1 1 0 0 0 0      of the true voxels the third is 1 from what was found, nothing else is
# found  1 1 0 0 0 0 1      of the found ones the last is 4 from the truth
def test_distances_worked_by_hand():
    scores = named(
        BoundaryDistances(clip=3.0), row(1, 1, 0, 0, 0, 0, 1), row(1, 1, 1, 0, 0, 0, 0), (1.0, 1.0)
    )
    assert scores == pytest.approx(
        {
            "hausdorff": 4,
            "hausdorff_95": 3.6,  # of 0, 0, 4
            "mean_false_distance": (1 / 3 + 4 / 3) / 2,
            "mean_false_negative_distance": 1 / 3,
            "mean_false_positive_distance": 4 / 3,
            "mean_false_distance_clipped": (1 / 3 + 3 / 3) / 2,
            "mean_false_negative_distance_clipped": 1 / 3,
            "mean_false_positive_distance_clipped": 3 / 3,
        }
    )


def test_rates_worked_by_hand():
    found, true = row(1, 1, 0, 0, 0, 0, 1), row(1, 1, 1, 0, 0, 0, 0)
    assert named(ErrorRates(), found, true, (1.0, 1.0)) == pytest.approx(
        {"false_negative_rate": 1 / 3, "false_positive_rate": 1 / 4, "false_discovery_rate": 1 / 3}
    )
    assert named(TolerantRates(tolerance=1.0), found, true, (1.0, 1.0)) == pytest.approx(
        {
            "false_negative_rate_within_1": 0,
            "false_positive_rate_within_1": 1 / 4,
            "false_discovery_rate_within_1": 1 / 3,
            "precision_within_1": 2 / 3,
            "recall_within_1": 1,
            "f1_within_1": 0.8,
        }
    )
    assert named(TolerantRates(tolerance=4.0), found, true, (1.0, 1.0))["f1_within_4"] == 1
    assert named(TolerantRates(tolerance=4.0), found, true, (1.0, 1.5))["f1_within_4"] == pytest.approx(0.8)


def test_information_worked_by_hand():
    assert ClassInformation().of(row(1, 1, 0, 0), row(1, 0, 1, 0), (1.0, 1.0)) == (2.0,)
    assert ClassInformation().of(row(1, 1, 0, 0), row(1, 1, 0, 0), (1.0, 1.0)) == (0.0,)


@sized
@pytest.mark.parametrize("seed", range(3))
def test_hausdorff_distances_are_those_of_scipy_and_scikit_image(voxel_size, seed):
    found, true = blobs(len(voxel_size), seed)
    scores = named(BoundaryDistances(), found, true, voxel_size)
    one, other = (np.argwhere(mask) * voxel_size for mask in (found, true))
    farthest = max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0])
    assert scores["hausdorff"] == pytest.approx(farthest, rel=1e-5)
    if set(voxel_size) == {1.0}:
        assert scores["hausdorff"] == pytest.approx(hausdorff_distance(found, true), rel=1e-5)
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (found, true)]
    both = (distances(*edges, voxel_size), distances(*edges[::-1], voxel_size))
    assert scores["hausdorff_95"] == pytest.approx(max(np.percentile(each, 95) for each in both), rel=1e-5)


@sized
@pytest.mark.parametrize("seed", range(3))
def test_mean_false_distances_are_those_of_the_nearest_places(voxel_size, seed):
    found, true = blobs(len(voxel_size), seed)
    scores = named(BoundaryDistances(clip=6.0), found, true, voxel_size)
    missed, wrong = distances(true, found, voxel_size), distances(found, true, voxel_size)
    assert scores["mean_false_negative_distance"] == pytest.approx(missed.mean(), rel=1e-5)
    assert scores["mean_false_positive_distance"] == pytest.approx(wrong.mean(), rel=1e-5)
    clipped = (missed.clip(max=6).mean() + wrong.clip(max=6).mean()) / 2
    assert scores["mean_false_distance_clipped"] == pytest.approx(clipped, rel=1e-5)


@sized
@pytest.mark.parametrize("seed", range(3))
def test_rates_with_tolerance_are_those_of_the_nearest_places(voxel_size, seed):
    found, true = blobs(len(voxel_size), seed)
    scores = TolerantRates(tolerance=4.5).of(found, true, voxel_size)
    missed = np.count_nonzero(distances(true, found, voxel_size) > 4.5)
    wrong = np.count_nonzero(distances(found, true, voxel_size) > 4.5)
    assert scores[:3] == pytest.approx((missed / true.sum(), wrong / (~true).sum(), wrong / found.sum()))


@pytest.mark.parametrize("seed", range(3))
def test_cremi_is_the_geometric_mean_of_what_scikit_image_gives(seed):
    segments, objects = np.random.default_rng(seed).integers(0, 5, (2, 200), np.uint64)
    (ours,) = Cremi().of(Contingency.of(segments, objects))
    kept = objects != 0
    split_and_merge = variation_of_information(objects[kept], segments[kept])
    error, _, _ = adapted_rand_error(objects, segments, ignore_labels=(0,))
    assert ours == pytest.approx(math.sqrt(sum(split_and_merge) * error))


def test_of_nothing_there_is_no_distance():
    nothing, something = row(0, 0), row(1, 0)
    for score in (BoundaryDistances(), BoundaryDistances(clip=1.0)):
        assert all(map(math.isnan, score.of(nothing, something, (1.0, 1.0))))
        assert all(map(math.isnan, score.of(something, nothing, (1.0, 1.0))))
    assert named(ErrorRates(), nothing, something, (1.0, 1.0))["false_negative_rate"] == 1
    missed = named(TolerantRates(tolerance=9.0), nothing, something, (1.0, 1.0))
    assert missed["recall_within_9"] == 0
    assert math.isnan(missed["precision_within_9"])
    assert math.isnan(Cremi().of(Contingency.of(np.zeros(3, np.uint64), np.zeros(3, np.uint64)))[0])


def test_each_class_has_its_numbers_and_their_mean():
    masks = {"axon": (row(1, 0), row(1, 1)), "myelin": (row(1, 1), row(1, 1)), "pore": (row(0, 0),) * 2}
    values = values_of_classes((ErrorRates(),), masks, (1.0, 1.0))
    assert list(values) == [each.name for each in criteria_of_classes((ErrorRates(),), masks)]
    assert values["false_negative_rate/axon"] == 0.5
    assert values["false_negative_rate"] == 0.25  # the pore is nowhere, and in no mean
    assert math.isnan(values["false_negative_rate/pore"])


def test_a_task_of_classes_is_judged_by_them_in_world_units():
    task = OneHot(class_scores=(BoundaryDistances(), TolerantRates(tolerance=40.0)))
    found, true = np.array([[1, 1, 0, 0, 0, 0, 1]], np.uint8), np.array([[1, 1, 1, 0, 0, 0, 0]], np.uint8)
    scores = task.score(found, true, np.ones(true.shape, np.bool_), (8.0, 8.0))
    assert list(scores) == [criterion.name for criterion in task.criteria()]
    assert scores["hausdorff/foreground"] == scores["hausdorff"] == 32
    assert scores["f1_within_40"] == 1
    assert task.score(found, true, np.ones(true.shape, np.bool_))["hausdorff"] == 4


def test_a_score_that_stands_twice_is_refused():
    with pytest.raises(UserInputError, match="two scores give the number false_negative_rate"):
        OneHot(class_scores=(ErrorRates(), ErrorRates()))
