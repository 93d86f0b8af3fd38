"""Signed distance: how far it is to the boundary, and where that is certain."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.distance_target import certain, signed_distance
from napari_dacapo.tasks.signed_distance import SignedDistance

FAR = 100.0
CLASSES = SignedDistance(channels=("axon", "myelin"), scale=1.0, postprocessor=Threshold())


def row(values, dims: int) -> np.ndarray:
    """The values along x, alike along the other axes."""
    return np.tile(np.array(values), (3,) * (dims - 1) + (1,))


def halves(ids, voxel_size) -> list[float]:
    """Distances along x in half voxels."""
    distance = signed_distance(row(ids, len(voxel_size)), voxel_size, FAR)
    middle = distance[(1,) * (distance.ndim - 1)]
    return (2 * middle / voxel_size[-1]).tolist()


def by_scipy(labels: np.ndarray, side: float) -> np.ndarray:
    """Of cubic voxels: to the middle of the nearest voxel of another label, less half a voxel."""
    distance = np.zeros(labels.shape)
    for label in np.unique(labels):
        own = labels == label
        if not own.all():
            reach = ndimage.distance_transform_edt(own, sampling=side) - side / 2
            distance[own] = reach[own] if label else -reach[own]
    return distance


def blobs(shape, seed: int) -> np.ndarray:
    """Touching objects and background, ids 0 to 3."""
    rng = np.random.default_rng(seed)
    smooth = np.stack([ndimage.gaussian_filter(rng.normal(size=shape), 1.5) for _ in range(4)])
    return smooth.argmax(axis=0).astype(np.uint16)


@pytest.mark.parametrize("voxel_size", [(8.0, 8.0), (8.0, 8.0, 8.0)])
@pytest.mark.parametrize(
    ("ids", "distances"),
    [
        ([0, 0, 7, 7, 7, 0], [-3, -1, 1, 3, 1, -1]),  # the boundary lies between voxels
        ([7, 7, 7, 9, 9, 9], [5, 3, 1, 1, 3, 5]),  # of touching objects both are inside
        ([0, 5, 0, 0, 0, 0], [-1, 1, -1, -3, -5, -7]),
    ],
)
def test_distances_in_half_voxels(voxel_size, ids, distances):
    assert halves(np.array(ids, np.uint16), voxel_size) == pytest.approx(distances)


def test_beyond_the_reach_all_voxels_are_alike():
    labels = np.array([[0, 0, 0, 0, 0, 4, 4, 4, 4, 4]], np.uint8)
    assert signed_distance(labels, (1.0, 1.0), 2.0)[0].tolist() == [-2, -2, -2, -1.5, -0.5, 0.5, 1.5, 2, 2, 2]


def test_ids_that_differ_by_one_above_two_to_the_63_are_two_objects():
    labels = np.array([[2**63 + 5] * 2 + [2**63 + 6] * 2], np.uint64)
    assert signed_distance(labels, (1.0, 1.0), 9.0)[0].tolist() == [1.5, 0.5, 0.5, 1.5]


@pytest.mark.parametrize("shape", [(18, 20), (10, 12, 14)])
def test_distances_on_cubic_voxels_are_those_of_scipy(shape):
    labels = blobs(shape, seed=0)
    assert {0, 1, 2, 3} == set(np.unique(labels).tolist())
    ours = signed_distance(labels, (4.0,) * len(shape), FAR)
    np.testing.assert_allclose(ours, by_scipy(labels, 4.0), rtol=1e-5)


@pytest.mark.parametrize("ratio", [3, 5])
def test_long_voxels_are_as_so_many_cubic_ones(ratio):
    labels = blobs((6, 12, 12), seed=1)
    cubic = by_scipy(np.repeat(labels, ratio, axis=0), 4.0)[ratio // 2 :: ratio]
    ours = signed_distance(labels, (4.0 * ratio, 4.0, 4.0), FAR)
    np.testing.assert_allclose(ours, cubic, rtol=1e-5)


@pytest.mark.parametrize(
    "voxel_size", [(40.0, 4.0, 4.0), (50.0, 4.0, 4.0), (0.284, 0.127, 0.127), (2.0, 1.0)]
)
def test_next_to_a_boundary_it_is_half_a_voxel_along_every_axis(voxel_size):
    for axis, size in enumerate(voxel_size):
        shape = [5] * len(voxel_size)
        shape[axis] = 2
        labels = np.indices(shape)[axis].astype(np.uint8) + 1
        distance = signed_distance(labels, voxel_size, 1000.0)
        assert distance == pytest.approx(np.full(shape, size / 2), abs=min(voxel_size) / 2 + 1e-6)


# known     ? ? 1 1 1 1 1  1 1
# object    . . 7 7 7 7 7  . .
# to the boundary in half voxels, and whether a nearer one may hide in what is unknown or beyond the row
def test_where_a_nearer_boundary_may_hide_nothing_is_certain():
    known = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1], np.bool_)[None].repeat(9, 0)
    labels = np.array([0, 0, 7, 7, 7, 7, 7, 0, 0], np.uint8)[None].repeat(9, 0)
    distance = signed_distance(labels, (1.0, 1.0), FAR)
    assert distance[4].tolist() == [-1.5, -0.5, 0.5, 1.5, 2.5, 1.5, 0.5, -0.5, -1.5]
    judged = certain(distance, known, (1.0, 1.0), FAR)
    assert judged[4].astype(int).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 0]


def test_far_from_all_that_is_unknown_everything_is_certain():
    known = np.ones((9, 9), np.bool_)
    distance = signed_distance(np.ones((9, 9), np.uint8), (1.0, 1.0), 2.0)
    judged = certain(distance, known, (1.0, 1.0), 2.0)
    assert judged[2:-2, 2:-2].all()
    assert not judged[1].any()  # 1.5 voxels from the end of the array, where a boundary may follow


@pytest.mark.parametrize("dims", [2, 3])
def test_the_target_is_squeezed_by_the_scale(dims):
    task = SignedDistance(scale=2.0)
    padding, _ = task.padding((1.0,) * dims)
    assert padding == (4,) * dims
    labels = np.zeros((9,) * (dims - 1) + (12,), np.uint8)
    labels[..., 6:] = 3
    target, weight = task.target(labels, np.ones(labels.shape, np.bool_), (1.0,) * dims)
    assert target.shape == weight.shape == (1,) * dims + (4,)
    assert target.ravel() == pytest.approx(np.tanh(np.array([-1.5, -0.5, 0.5, 1.5]) / 2))
    assert weight.ravel().tolist() == [1, 1, 1, 1]


def test_the_scale_is_ten_of_the_smallest_side_of_a_voxel_unless_given():
    assert SignedDistance().padding((40.0, 4.0, 4.0)) == ((2, 20, 20), (2, 20, 20))
    assert SignedDistance(scale=8.0).padding((40.0, 4.0, 4.0)) == ((1, 4, 4), (1, 4, 4))


def test_inside_and_outside_weigh_the_same_together():
    labels = np.zeros((3, 14), np.uint8)
    labels[:, 5:7] = 1
    _, weight = SignedDistance(scale=0.5).target(labels, np.ones(labels.shape, np.bool_), (1.0, 1.0))
    assert weight.shape == (1, 1, 12)
    inside, outside = weight[0, 0, 4:6], np.delete(weight[0, 0], [4, 5])
    assert inside.sum() == pytest.approx(outside.sum())
    assert weight.sum() == pytest.approx(12)


@st.composite
def cut_volumes(draw):
    """A task, labels and what is known of a whole volume, and the place and shape of a patch's output."""
    voxel_size = draw(st.sampled_from([(1.0, 1.0), (0.3, 0.1), (1.0, 1.0, 1.0), (3.0, 1.0, 1.3)]))
    dims = len(voxel_size)
    task = SignedDistance(scale=draw(st.floats(0.5, 1.5)) * min(voxel_size))
    before, after = task.padding(voxel_size)
    output = draw(st.tuples(*(st.integers(1, 5),) * dims))
    shape = tuple(o + b + a for o, b, a in zip(output, before, after, strict=True))
    labels = draw(arrays(np.uint16, shape, elements=st.integers(0, 2)))
    known = draw(arrays(np.bool_, shape, elements=st.sampled_from([True] * 9 + [False])))
    start = tuple(draw(st.integers(0, o - 1)) for o in output)
    size = tuple(draw(st.integers(1, o - s)) for o, s in zip(output, start, strict=True))
    return task, voxel_size, labels, known, start, size


@given(cut_volumes())
def test_the_target_of_a_padded_patch_is_the_cut_of_the_whole_target(drawn):
    task, voxel_size, labels, known, start, size = drawn
    before, after = task.padding(voxel_size)
    cut = tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))
    around = tuple(slice(c.start, c.stop + b + a) for c, b, a in zip(cut, before, after, strict=True))
    whole_target, whole_weight = task.target(labels, known, voxel_size)
    target, weight = task.target(labels[around], known[around], voxel_size)
    np.testing.assert_allclose(target, whole_target[:, *cut], rtol=1e-5)
    np.testing.assert_array_equal(weight > 0, whole_weight[:, *cut] > 0)


@given(cut_volumes())
def test_what_stands_in_unknown_voxels_changes_nothing_that_counts(drawn):
    task, voxel_size, labels, known, _, _ = drawn
    target, weight = task.target(labels, known, voxel_size)
    other_target, other_weight = task.target(np.where(known, labels, 9), known, voxel_size)
    both = (weight > 0) & (other_weight > 0)
    np.testing.assert_allclose(target[both], other_target[both], rtol=1e-5)
    assert (weight[0][~_output(task, known, voxel_size)] == 0).all()


def _output(task, known, voxel_size):
    before, after = task.padding(voxel_size)
    return known[tuple(slice(b, n - a) for n, b, a in zip(known.shape, before, after, strict=True))]


def test_channel_i_of_a_class_task_is_channel_i_of_the_labels_or_id_i_plus_1():
    ids = np.zeros((9, 9), np.uint8)
    ids[:, 3:5], ids[:, 5:] = 1, 2
    known = np.ones(ids.shape, np.bool_)
    from_ids, id_weight = CLASSES.target(ids, known, (1.0, 1.0))
    channels = np.stack([ids == 1, 7 * (ids == 2)]).astype(np.uint8)
    from_channels, channel_weight = CLASSES.target(channels, known, (1.0, 1.0))
    assert from_ids.shape == (2, 5, 5)
    assert (from_ids[0, 0] > 0).tolist() == [False, True, True, False, False]
    assert (from_ids[1, 0] > 0).tolist() == [False, False, False, True, True]
    np.testing.assert_array_equal(from_ids, from_channels)
    np.testing.assert_array_equal(id_weight, channel_weight)


def test_classes_may_overlap_where_labels_have_channels():
    task = SignedDistance(channels=("cell", "nucleus"), scale=0.5, postprocessor=Threshold())
    labels = np.ones((2, 5, 5), np.uint8)
    labels[1, :, :2] = 0
    target, _ = task.target(labels, np.ones((5, 5), np.bool_), (1.0, 1.0))
    assert (target[0] > 0).all()
    assert (target[1] > 0).any(axis=0).tolist() == [False, True, True]


def test_one_class_is_all_that_is_not_0():
    task = SignedDistance(scale=0.5, postprocessor=Threshold())
    target, _ = task.target(np.array([[1, 2, 0, 5, 5]] * 3, np.uint8), np.ones((3, 5), np.bool_), (1.0, 1.0))
    assert (target[0, 0] > 0).tolist() == [True, False, True]


def test_classes_are_scored_by_their_overlap_and_objects_as_objects():
    truth = np.array([[0, 1, 1, 2]], np.uint8)
    known = np.array([[True, True, True, True]])
    scores = CLASSES.score(np.array([[0, 1, 2, 2]], np.uint8), truth, known)
    assert list(scores) == [criterion.name for criterion in CLASSES.criteria()]
    assert scores["dice/axon"] == pytest.approx(2 / 3)
    assert scores["dice"] == pytest.approx(2 / 3)
    channels = np.stack([truth == 1, truth == 2]).astype(np.uint8)
    assert CLASSES.score(np.array([[0, 1, 2, 2]], np.uint8), channels, known) == scores
    objects = SignedDistance(postprocessor=ConnectedComponents())
    assert objects.score(truth, truth, known)["voi_sum"] == 0
    assert objects.criteria()[0].name == "ap_50"


@pytest.mark.parametrize(
    ("task", "labels", "message"),
    [
        (SignedDistance(), np.zeros((2, 3, 3), np.uint8), "labels is .*2 channels; this task takes one id"),
        (CLASSES, np.zeros((3, 3, 3), np.uint8), "they have 3 channels, the task 2: axon, myelin"),
        (
            CLASSES,
            np.full((3, 3), 3, np.uint8),
            "labels is 3: no class has this id; there are 0 background, 1 axon, 2 myelin",
        ),
    ],
)
def test_labels_that_cannot_be_learned_from_are_refused(task, labels, message):
    with pytest.raises(UserInputError, match=message) as raised:
        task.refuse_labels(labels, np.ones((3, 3), np.bool_))
    assert raised.value.field == "labels"
    assert len(str(raised.value)) <= 300


def test_many_channels_are_cut_short_in_the_message():
    names = tuple(f"organelle number {place}" for place in range(200))
    task = SignedDistance(channels=names, postprocessor=Threshold())
    with pytest.raises(
        UserInputError, match=r"they have 3 channels, the task 200: organelle number 0, .* …"
    ) as raised:
        task.refuse_labels(np.zeros((3, 2, 2), np.uint8), np.ones((2, 2), np.bool_))
    assert len(str(raised.value)) <= 300


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"channels": ("a", "a"), "postprocessor": Threshold()}, "two channels have one name"),
        ({"channels": ("a", "b")}, "DistanceWatershed makes objects, from one channel; there are 2"),
        ({"channels": ()}, "channels"),
        ({"scale": 0.0}, "scale"),
        ({"scale": math.inf}, "scale"),
        ({"lowest_share": 0.96}, "lowest_share is not below highest_share"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields, message):
    with pytest.raises(UserInputError, match=message):
        SignedDistance(**fields)


def test_a_scale_that_would_need_too_much_around_a_patch_is_refused_with_one_that_fits():
    with pytest.raises(
        UserInputError, match=r"scale is 5000.0: .*2500 voxels around a patch. Choose about 40"
    ):
        SignedDistance(scale=5000.0).padding((40.0, 4.0, 4.0))
