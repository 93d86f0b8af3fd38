"""From distances and probabilities to objects and classes."""

import numpy as np
import pytest

from napari_dacapo.postprocessors.argmax import Argmax
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.threshold import Threshold

# two hills that meet in a saddle of 0.1, then a low one
HILLS = [-0.5, 0.3, 0.7, 0.4, 0.1, 0.4, 0.8, 0.3, -0.2, 0.15, -0.5]


def rows(values) -> np.ndarray:
    """(1, 3, n): one channel of three equal rows."""
    return np.tile(np.array(values, np.float32), (1, 3, 1))


def row_of(postprocessor, values, **parameters) -> list[int]:
    return postprocessor.segment(rows(values), parameters)[1].tolist()


@pytest.mark.parametrize(
    ("threshold", "objects"),
    [
        (0.0, [0, 1, 1, 1, 1, 1, 1, 1, 0, 2, 0]),
        (0.2, [0, 1, 1, 1, 0, 2, 2, 2, 0, 0, 0]),
        (0.8, [0] * 11),
        (-1.0, [1] * 11),
    ],
)
def test_components_above_the_threshold(threshold, objects):
    assert row_of(ConnectedComponents(), HILLS, threshold=threshold, min_size=0) == objects


def test_components_touch_by_a_side_not_by_a_corner():
    distance = np.array([[[1, -1], [-1, 1]]], np.float32)
    assert ConnectedComponents().segment(distance, {"threshold": 0.0, "min_size": 0}).tolist() == [
        [1, 0],
        [0, 2],
    ]


@pytest.mark.parametrize(
    ("seed", "objects"),
    [
        (0.2, [0, 1, 1, 1, 1, 2, 2, 2, 0, 3, 0]),  # the saddle goes to either, the low hill has no seed
        (0.05, [0, 1, 1, 1, 1, 1, 1, 1, 0, 2, 0]),
        (0.75, [0, 1, 1, 1, 1, 1, 1, 1, 0, 2, 0]),  # one seed floods both hills
    ],
)
def test_seeds_flood_towards_the_boundary(seed, objects):
    found = row_of(DistanceWatershed(), HILLS, seed=seed, threshold=0.0, min_size=0)
    saddle = 4
    assert found[:saddle] + found[saddle + 1 :] == objects[:saddle] + objects[saddle + 1 :]
    assert found[saddle] in (1, 2)


def test_objects_of_fewer_voxels_are_dropped_or_go_to_what_they_touch():
    assert row_of(ConnectedComponents(), HILLS, threshold=0.0, min_size=4) == [0, *[1] * 7, 0, 0, 0]
    assert row_of(DistanceWatershed(), HILLS, seed=0.75, threshold=0.0, min_size=4) == [0, *[1] * 7, 0, 0, 0]


def test_a_hole_in_an_object_is_filled():
    distance = np.full((1, 5, 5), 0.5, np.float32)
    distance[0, 2, 2] = -0.5
    for postprocessor in (ConnectedComponents(), DistanceWatershed()):
        assert postprocessor.segment(distance, postprocessor.grid()[0] | {"min_size": 0}).all()


@pytest.mark.parametrize("dims", [2, 3])
def test_nothing_inside_gives_no_object(dims):
    distance = np.full((1, *(4,) * dims), -0.5, np.float32)
    for postprocessor in (ConnectedComponents(), DistanceWatershed(), Threshold()):
        ids = postprocessor.segment(distance, postprocessor.grid()[0])
        assert ids.shape == (4,) * dims
        assert ids.dtype == np.uint8
        assert not ids.any()


@pytest.mark.parametrize(
    ("threshold", "classes"), [(0.0, [0, 1, 2, 1, 0]), (-0.2, [1, 1, 2, 1, 0]), (0.55, [0, 0, 2, 0, 0])]
)
def test_a_class_is_the_channel_a_voxel_lies_deepest_in(threshold, classes):
    distances = np.array([[-0.1, 0.5, 0.5, 0.2, -0.3], [-0.4, -0.5, 0.6, 0.2, -0.9]], np.float32)[:, None]
    assert Threshold().segment(distances, {"threshold": threshold}).tolist() == [classes]


def test_the_most_probable_class_and_of_equal_ones_the_first():
    probabilities = np.array([[0.2, 0.5, 0.1], [0.7, 0.5, 0.1], [0.1, 0.0, 0.8]], np.float32)[:, None]
    assert Argmax().segment(probabilities, {}).tolist() == [[1, 0, 2]]


@pytest.mark.parametrize(("channels", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_class_ids_take_the_dtype_that_holds_them(channels, dtype):
    probabilities = np.zeros((channels, 1, 2), np.float32)
    probabilities[-1] = 1
    classes = Argmax().segment(probabilities, {})
    assert classes.dtype == dtype
    assert classes.tolist() == [[channels - 1] * 2]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("threshold", [-0.5, 0.0])
def test_where_a_distance_is_broken_it_is_outside(broken, threshold):
    values = [broken, 0.5, 0.6, broken, broken]
    for postprocessor in (ConnectedComponents(), DistanceWatershed(), Threshold()):
        parameters = {"seed": threshold, "threshold": threshold, "min_size": 0}
        assert row_of(postprocessor, values, **parameters) == [0, 1, 1, 0, 0]


def test_one_broken_channel_does_not_hide_the_others():
    broken = np.array([[np.nan, np.nan], [0.5, np.nan], [0.2, np.nan]], np.float32)[:, None]
    assert Threshold().segment(broken, {"threshold": 0.0}).tolist() == [[2, 0]]
    assert Argmax().segment(broken, {}).tolist() == [[1, 0]]
