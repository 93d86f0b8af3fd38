"""From labels to target to a perfect prediction and back to the labels."""

import numpy as np
import pytest
from objects import affinities, balls, bricks, prediction

from napari_dacapo.postprocessors.affinity_components import AffinityComponents
from napari_dacapo.postprocessors.affinity_watershed import AffinityWatershed
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance

POSTPROCESSORS = (
    MutexWatershed(stride=1, foreground=(0.05,)),
    MutexWatershed(stride=2, foreground=(0.05,)),
    AffinityWatershed(foreground=(0.05,)),
    AffinityComponents(),
)


def every_score(task, labels, voxel_size=None) -> list[dict[str, float]]:
    """The scores of a perfect prediction, a dict per point of the grid."""
    sizes = voxel_size or (1.0,) * labels.ndim
    predicted = prediction(task, labels, sizes)
    known = np.ones(predicted.shape[1:], np.bool_)
    return [task.score(task.segment(predicted, point), labels, known) for point in task.parameter_grid()]


def assert_perfect(task, scores: dict[str, float]) -> None:
    best = {each.name: each.upper if each.higher_is_better else each.lower for each in task.criteria()}
    assert scores == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("labels", [bricks, balls], ids=["bricks", "balls"])
@pytest.mark.parametrize("postprocessor", POSTPROCESSORS, ids=repr)
def test_affinities_give_touching_objects_back(postprocessor, labels, dims):
    task = affinities(dims, postprocessor=postprocessor)
    for scores in every_score(task, labels(dims)):
        assert_perfect(task, scores)


@pytest.mark.parametrize("stride", [2, 3, 5])
def test_strides_merge_no_objects_that_touch_in_few_voxels(stride):
    labels = np.zeros((17, 17), np.uint16)
    labels[1:8, 1:8], labels[7:16, 8:16] = 1, 2  # one voxel of each has the other beside it
    task = affinities(2, postprocessor=MutexWatershed(stride=stride, foreground=(0.05,)))
    for scores in every_score(task, labels):
        assert_perfect(task, scores)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("kind", [SignedDistance, InnerDistance])
def test_distances_give_touching_objects_back(kind, dims):
    task = kind(scale=5.0, postprocessor=DistanceWatershed(seed=(0.4, 0.6)))
    for scores in every_score(task, balls(dims)):
        assert_perfect(task, scores)


def test_where_all_around_an_edge_is_as_deep_a_voxel_may_go_to_either_side():
    task = SignedDistance(scale=5.0, postprocessor=DistanceWatershed(seed=(0.4,)))
    (scores,) = every_score(task, bricks(2))
    assert scores["ap_50"] == 1
    assert scores["mean_iou"] > 0.9


def test_distances_give_objects_of_long_voxels_back():
    task = SignedDistance(scale=5.0, postprocessor=DistanceWatershed(seed=(0.4,)))
    (scores,) = every_score(task, balls(3)[::2], (2.0, 1.0, 1.0))
    assert_perfect(task, scores)


@pytest.mark.parametrize("dims", [2, 3])
def test_distances_give_objects_apart_back_as_components(dims):
    task = SignedDistance(scale=5.0, postprocessor=ConnectedComponents(threshold=(0.0,)))
    labels = np.where(balls(dims) == 7, 0, balls(dims))
    (scores,) = every_score(task, labels)
    assert_perfect(task, scores)


@pytest.mark.parametrize("dims", [2, 3])
def test_class_distances_give_classes_back(dims):
    names = tuple(f"class {place}" for place in range(1, 2**dims + 1))
    task = SignedDistance(channels=names, scale=5.0, postprocessor=Threshold(threshold=(0.0,)))
    (scores,) = every_score(task, bricks(dims))
    assert_perfect(task, scores)


@pytest.mark.parametrize("dims", [2, 3])
def test_one_hot_gives_classes_back(dims):
    task = OneHot(classes=tuple(f"class {place}" for place in range(2**dims + 1)))
    (scores,) = every_score(task, bricks(dims))
    assert_perfect(task, scores)
