"""From affinities to objects."""

import hypothesis.strategies as st
import mwatershed
import numpy as np
import pytest
from hypothesis import given, settings

from napari_dacapo.postprocessors.affinity_components import AffinityComponents
from napari_dacapo.postprocessors.affinity_postprocessor import belonging, nearest_affinities, weakest
from napari_dacapo.postprocessors.affinity_watershed import AffinityWatershed
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.scores.contingency import Contingency

NEAREST = ((1, 0), (0, 1))
EVERY = {"foreground": 0.0, "min_size": 0}  # no background, no object too small


def along_x(values, others=1.0) -> np.ndarray:
    """(2, 2, n) affinities of two equal rows: `values` along x, `others` between the rows."""
    rows = np.tile(np.array(values, np.float32), (2, 1))
    return np.stack([np.full_like(rows, others), rows])


def first_row(postprocessor, affinities, parameters, neighborhood=NEAREST) -> list[int]:
    objects = postprocessor.segment(affinities, neighborhood, parameters)
    assert objects.dtype == np.uint8
    np.testing.assert_array_equal(objects[0], objects[1])
    return objects[0].tolist()


@pytest.mark.parametrize(
    ("postprocessor", "parameters"),
    [
        (AffinityComponents(), {"threshold": 0.5, "min_size": 0}),
        (AffinityWatershed(seed_distance=1), {"threshold": 0.5, **EVERY}),
        (MutexWatershed(), {"bias": 0.5, **EVERY}),
    ],
)
def test_a_low_affinity_parts_two_objects(postprocessor, parameters):
    ties = along_x([0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9])
    assert first_row(postprocessor, ties, parameters) == [1, 1, 1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("threshold", "objects"), [(0.3, [1] * 6), (0.5, [1, 1, 1, 2, 2, 2]), (0.8, [1, 1, 2, 3, 4, 4])]
)
def test_voxels_are_connected_by_affinities_above_the_threshold(threshold, objects):
    ties = along_x([0.9, 0.7, 0.4, 0.6, 0.9, 0.9], others=1.0)
    assert first_row(AffinityComponents(), ties, {"threshold": threshold, "min_size": 0}) == objects


def test_a_voxel_connected_with_none_is_background():
    ties = along_x([0.9, 0.1, 0.1, 0.9, 0.0], others=0.0)
    objects = AffinityComponents().segment(ties, NEAREST, {"threshold": 0.5, "min_size": 0})
    assert objects.tolist() == [[1, 1, 0, 2, 2], [3, 3, 0, 4, 4]]


def test_the_affinity_at_the_end_of_a_row_leads_nowhere():
    ties = np.ones((2, 1, 4), np.float32)
    assert AffinityComponents().segment(ties, NEAREST, {"threshold": 0.5, "min_size": 0}).tolist() == [
        [1] * 4
    ]
    apart = np.zeros((2, 3, 2), np.float32)
    apart[1, :, -1] = 1  # out of the image, not into the next row
    assert not AffinityComponents().segment(apart, NEAREST, {"threshold": 0.5, "min_size": 0}).any()


@pytest.mark.parametrize(
    ("postprocessor", "parameters"),
    [
        (AffinityComponents(), {"threshold": 0.5, "min_size": 0}),
        (MutexWatershed(), {"bias": 0.5, **EVERY}),
        (AffinityWatershed(seed_distance=1), {"threshold": 0.5, **EVERY}),
    ],
)
def test_an_offset_backwards_tells_of_the_voxel_before(postprocessor, parameters):
    forward = along_x([0.9, 0.9, 0.1, 0.9, 0.9, 0.9])
    backward = np.stack([forward[0], np.roll(forward[1], 1, axis=-1)])
    expected = postprocessor.segment(forward, NEAREST, parameters)
    assert expected.max() == 2
    found = postprocessor.segment(backward, ((-1, 0), (0, -1)), parameters)
    np.testing.assert_array_equal(found, expected)


def test_nearest_affinities_stand_at_the_first_of_two_voxels():
    affinities = np.array([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.8]]], np.float32)
    nearest = nearest_affinities(affinities, ((0, -1), (1, 0)))
    assert nearest == pytest.approx(np.array([[[0.5, 0.6], [0, 0]], [[0.2, 0], [0.4, 0]]]))


def test_belonging_is_the_mean_over_the_direct_neighbours_and_weakest_their_lowest():
    nearest = np.zeros((2, 3, 3), np.float32)
    nearest[0, :2], nearest[1, :, :2] = 0.8, 0.4
    nearest[1, 1, 0] = 0.0
    assert belonging(nearest)[1] == pytest.approx([(0.8 + 0.8 + 0) / 3, (0.8 + 0.8 + 0.4 + 0) / 4, 2 / 3])
    assert weakest(nearest)[1] == pytest.approx([0, 0, 0.4])
    flat_side = np.ones((3, 5, 5, 5), np.float32)
    flat_side[0, 2] = 0
    assert belonging(flat_side)[2, 2, 2] == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    "postprocessor",
    [MutexWatershed(min_size=(0,)), AffinityWatershed(min_size=(0,))],
    ids=repr,
)
def test_background_is_where_voxels_belong_with_no_neighbour(postprocessor):
    ties = np.ones((2, 6, 9), np.float32)
    ties[:, :, 4:] = 0.05
    ties[1, :, 3] = 0.05
    point = postprocessor.grid()[0] | {"foreground": 0.2}
    assert postprocessor.segment(ties, NEAREST, point)[2].tolist() == [1] * 4 + [0] * 5
    everything = postprocessor.segment(ties, NEAREST, point | {"foreground": 0.0})
    assert everything.all()


@st.composite
def random_affinities(draw):
    """Affinities (c, (z,) y, x), no two as far from 0.2, 0.5 or 0.8, and their neighbourhood."""
    neighborhood, shape = draw(
        st.sampled_from(
            [
                (((1, 0), (0, 1), (0, 3), (4, 0), (2, -2)), (9, 11)),
                (((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 3, 0), (-2, 0, 1)), (5, 6, 7)),
            ]
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = len(neighborhood) * int(np.prod(shape))
    values = (rng.permutation(count) + 0.3) / count
    return values.reshape(-1, *shape).astype(np.float32), neighborhood


@given(random_affinities(), st.sampled_from([0.2, 0.5, 0.8]))
def test_the_mutex_watershed_is_that_of_mwatershed_where_long_ties_only_part(drawn, bias):
    affinities, neighborhood = drawn
    weights = (affinities - np.float32(bias)).astype(np.float64)
    long = slice(affinities.ndim - 1, None)
    weights[long] = np.minimum(weights[long], 0)
    expected = mwatershed.agglom(weights, [list(offset) for offset in neighborhood]).astype(np.uint64)
    alone = expected == 0
    expected[alone] = 2**32 + np.arange(alone.sum())
    found = MutexWatershed(stride=1).segment(affinities, neighborhood, {"bias": bias, **EVERY})
    table = Contingency.of(found, expected)
    assert len(table.pairs) == len(table.segments) == len(table.objects)  # one to one


@given(random_affinities(), st.sampled_from([0.2, 0.5, 0.8]), st.integers(2, 4))
def test_whatever_the_stride_objects_are_held_together_by_ties_above_the_bias(drawn, bias, stride):
    affinities, neighborhood = drawn
    found = MutexWatershed(stride=stride).segment(affinities, neighborhood, {"bias": bias, **EVERY})
    connected = AffinityComponents().segment(affinities, neighborhood, {"threshold": bias, "min_size": 0})
    table = Contingency.of(found, connected)
    assert len(table.pairs) == len(table.segments)  # each lies in one component, or is a lone voxel
    lone = table.segments[table.pairs[table.objects[table.pairs[:, 1]] == 0, 0]]
    assert (table.segment_sizes[np.searchsorted(table.segments, lone)] == 1).all()


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_ties_that_all_lack_the_bias_join_nothing_whatever_the_stride(stride):
    ties = np.full((4, 8, 8), 0.3, np.float32)
    objects = MutexWatershed(stride=stride).segment(ties, (*NEAREST, (3, 0), (0, 3)), {"bias": 0.5, **EVERY})
    assert len(np.unique(objects)) == 64


def test_a_long_tie_parts_what_a_weak_wrong_tie_would_join():
    ties = along_x([0.9, 0.9, 0.9, 0.6, 0.9, 0.9, 0.9, 0.9])
    parting = np.ones((1, 2, 8), np.float32)
    parting[..., :4] = 0.1  # from the left half into the right one
    affinities = np.concatenate([ties, parting])
    parameters = {"bias": 0.5, **EVERY}
    neighborhood = (*NEAREST, (0, 4))
    assert first_row(MutexWatershed(stride=1), ties, parameters) == [1] * 8
    assert first_row(MutexWatershed(stride=1), affinities, parameters, neighborhood) == [1] * 4 + [2] * 4


def test_fragments_are_merged_by_their_mean_affinity_and_background_never():
    ties = np.ones((2, 8, 24), np.float32)
    ties[1, :, 7], ties[1, :, 15] = 0.6, 0.3  # three parts of eight columns
    postprocessor = AffinityWatershed(boundary=0.7)
    objects = {
        threshold: postprocessor.segment(ties, NEAREST, {"threshold": threshold, **EVERY})[4].tolist()
        for threshold in (0.2, 0.5, 0.7)
    }
    assert objects[0.2] == [1] * 24
    assert objects[0.5] == [1] * 16 + [2] * 8
    assert objects[0.7] == [1] * 8 + [2] * 8 + [3] * 8


def test_objects_merged_with_others_leave_the_background_out():
    ties = np.ones((2, 8, 20), np.float32)
    ties[:, :, 8:12] = 0
    ties[1, :, 7] = 0
    objects = AffinityWatershed().segment(ties, NEAREST, {"threshold": 0.0, "foreground": 0.2, "min_size": 0})
    assert objects[4].tolist() == [1] * 8 + [0] * 4 + [2] * 8


def test_objects_that_touch_are_apart_in_the_watershed_though_nothing_lies_between_them():
    ties = np.ones((2, 12, 24), np.float32)
    ties[1, :, 11] = 0
    ties[:, :3] = 0  # background above, so that seeds are sought
    objects = AffinityWatershed().segment(ties, NEAREST, {"threshold": 0.5, "foreground": 0.2, "min_size": 0})
    assert objects[8].tolist() == [1] * 12 + [2] * 12


@pytest.mark.parametrize(
    "postprocessor",
    [MutexWatershed(), AffinityWatershed(), AffinityComponents()],
    ids=lambda p: type(p).__name__,
)
@settings(max_examples=20)
@given(drawn=random_affinities(), share=st.floats(0, 1), broken=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_a_broken_prediction_gives_compact_ids_and_the_same_each_time(postprocessor, drawn, share, broken):
    affinities, neighborhood = drawn
    wrong = np.random.default_rng(0).random(affinities.shape) < share
    prediction = np.where(wrong, np.float32(broken), affinities)
    point = postprocessor.grid()[0] | {"min_size": 3}
    objects = postprocessor.segment(prediction, neighborhood, point)
    assert objects.shape == affinities.shape[1:]
    assert set(np.unique(objects)) - {0} == set(range(1, int(objects.max()) + 1))
    again = postprocessor.segment(np.where(wrong, np.float32(0), affinities), neighborhood, point)
    np.testing.assert_array_equal(objects, again)
