"""Affinities: which pairs of voxels belong together, and how much each pair counts."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from napari_dacapo.errors import UserInputError
from napari_dacapo.tasks.affinities import Affinities

UNITS = {2: ((1, 0), (0, 1)), 3: ((1, 0, 0), (0, 1, 0), (0, 0, 1))}


def along_x(step: int, dims: int, **fields) -> Affinities:
    """A task whose last offset goes so many voxels along x."""
    units = UNITS[dims]
    offset = (*(0,) * (dims - 1), step)
    return Affinities(neighborhood=(*(unit for unit in units if unit != offset), offset), **fields)


def row(values, dims: int) -> np.ndarray:
    """The values along x, the same twice along the other axes, as one unit along those needs it."""
    return np.tile(np.array(values), (2,) * (dims - 1) + (1,))


def target_of(task: Affinities, ids, known=None) -> tuple[list[int], np.ndarray]:
    """Target and weight of the last offset along x."""
    dims = len(task.neighborhood[0])
    labels = row(ids, dims).astype(np.uint16)
    trusted = np.ones_like(labels, np.bool_) if known is None else row(known, dims).astype(np.bool_)
    target, weight = task.target(labels, trusted, (1.0,) * dims)
    return target[-1].ravel().tolist(), weight[-1].ravel()


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(
    ("step", "ids", "target"),
    [
        (1, [1, 1, 2, 2, 0, 0], [1, 0, 1, 0, 0]),  # the last voxel is padding
        (-1, [0, 1, 1, 2, 2, 5], [0, 1, 0, 1]),  # p with p - 1; the first voxel is padding, the last unit's
        (3, [1, 2, 1, 1, 2, 0], [1, 1, 0]),
        (-2, [7, 7, 7, 3, 7, 7], [1, 0, 1]),
    ],
)
def test_voxel_p_and_voxel_p_plus_offset_belong_together(dims, step, ids, target):
    assert target_of(along_x(step, dims), ids)[0] == target


@pytest.mark.parametrize(("background_as_object", "together"), [(False, 0), (True, 1)])
def test_two_background_voxels_belong_together_only_where_asked_for(background_as_object, together):
    task = along_x(1, 2, background_as_object=background_as_object)
    assert target_of(task, [0, 0, 1, 1])[0] == [together, 0, 1]


@pytest.mark.parametrize(
    ("step", "known", "counted"),
    [
        (1, [1, 1, 0, 1, 1, 1], [1, 0, 0, 1, 1]),  # the unknown voxel is in two pairs
        (3, [1, 1, 1, 1, 0, 1], [1, 0, 1]),  # a known voxel whose partner is unknown
        (3, [1, 1, 1, 1, 1, 0], [1, 1, 0]),  # in the padding, too
        (1, [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
    ],
)
def test_pairs_with_an_unknown_voxel_have_no_weight(step, known, counted):
    _, weight = target_of(along_x(step, 3), [1, 1, 1, 2, 2, 2], known)
    assert (weight > 0).astype(int).tolist() == counted


def test_joined_and_parted_pairs_weigh_the_same_together():
    task = along_x(1, 2)
    target, weight = target_of(task, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3])  # 8 joined, 2 parted
    assert target == [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]
    assert sorted(set(weight.tolist())) == [0.625, 2.5]
    assert weight[np.array(target) == 1].sum() == weight[np.array(target) == 0].sum() == 5


def test_a_rare_pair_weighs_no_more_than_the_lowest_share_allows():
    _, weight = target_of(along_x(1, 2, lowest_share=0.2, highest_share=0.9), [1] * 50 + [2])
    assert weight.max() == pytest.approx(1 / (2 * 0.2))
    assert weight.min() == pytest.approx(1 / (2 * 0.9))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_ids_of_every_size_stay_apart(dtype):
    highest = np.iinfo(dtype).max
    ids = np.array([[highest, highest, highest - 1, 0, 1]] * 2, dtype)
    target, _ = along_x(1, 2).target(ids, np.ones(ids.shape, np.bool_), (1.0, 1.0))
    assert target[-1].tolist() == [[1, 0, 0, 0]]


def test_more_objects_than_sixteen_bits_hold_stay_apart():
    ids = np.arange(1, 2 * 70_001 + 1, dtype=np.uint32).reshape(2, -1)
    ids[:, 1::2] = ids[:, :-1:2]
    target, _ = along_x(1, 2).target(ids, np.ones(ids.shape, np.bool_), (1.0, 1.0))
    assert target[-1, 0].tolist() == [1, 0] * 35_000


@st.composite
def cut_volumes(draw):
    """A task, labels and what is known of a whole volume, and the place and shape of a patch's output."""
    dims = draw(st.sampled_from([2, 3]))
    step = st.integers(-3, 3)
    more = draw(st.lists(st.tuples(*(step,) * dims).filter(any), max_size=3))
    task = Affinities(
        neighborhood=tuple(dict.fromkeys((*UNITS[dims], *more))), background_as_object=draw(st.booleans())
    )
    before, after = task.padding((1.0,) * dims)
    output = draw(st.tuples(*(st.integers(1, 4),) * dims))
    shape = tuple(o + b + a for o, b, a in zip(output, before, after, strict=True))
    labels = draw(arrays(np.uint16, shape, elements=st.integers(0, 3)))
    known = draw(arrays(np.bool_, shape, elements=st.sampled_from([True, True, True, False])))
    start = tuple(draw(st.integers(0, o - 1)) for o in output)
    size = tuple(draw(st.integers(1, o - s)) for o, s in zip(output, start, strict=True))
    return task, labels, known, start, size


@given(cut_volumes())
def test_the_target_of_a_padded_patch_is_the_cut_of_the_whole_target(drawn):
    task, labels, known, start, size = drawn
    voxel_size = (1.0,) * labels.ndim
    before, after = task.padding(voxel_size)
    cut = tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))
    around = tuple(slice(c.start, c.stop + b + a) for c, b, a in zip(cut, before, after, strict=True))
    whole_target, whole_weight = task.target(labels, known, voxel_size)
    target, weight = task.target(labels[around], known[around], voxel_size)
    assert target.shape == weight.shape == (len(task.neighborhood), *size)
    np.testing.assert_array_equal(target, whole_target[:, *cut])
    np.testing.assert_array_equal(weight > 0, whole_weight[:, *cut] > 0)


@pytest.mark.parametrize(
    ("neighborhood", "names"),
    [
        (UNITS[3], ("affinity_z1", "affinity_y1", "affinity_x1")),
        (((-1, 0), (0, 1), (9, -9)), ("affinity_ym1", "affinity_x1", "affinity_y9_xm9")),
    ],
)
def test_channels_are_named_by_their_offsets_as_identifiers(neighborhood, names):
    found = Affinities(neighborhood=neighborhood).channel_names(len(neighborhood[0]))
    assert found == names
    assert all(name.isidentifier() for name in found)


def test_padding_reaches_as_far_as_the_longest_offset_on_either_side():
    task = Affinities(neighborhood=((1, 0, 0), (0, -1, 0), (0, 0, 1), (0, 0, -9), (3, 2, 0)))
    assert task.padding((1.0, 1.0, 1.0)) == ((0, 1, 9), (3, 2, 1))


@pytest.mark.parametrize(
    ("neighborhood", "message"),
    [
        ((), "every offset has three numbers, or two for 2D"),
        (((1, 0), (0, 1), (0, 0, 3)), "every offset has three numbers, or two for 2D"),
        (((1,),), "every offset has three numbers, or two for 2D"),
        (((1, 0), (0, 3)), r"the next voxel along an axis is missing. Add \(0, 1\)"),
        (((1, 0), (0, 1), (1, 0)), "an offset stands twice"),
        (((1, 0), (0, 1), (0, 0)), "a voxel always belongs with itself"),
        (((1, 0), (0, 1), (0, 501)), "500"),
    ],
)
def test_neighborhoods_that_make_no_objects_are_refused(neighborhood, message):
    with pytest.raises(UserInputError, match=message) as raised:
        Affinities(neighborhood=neighborhood)
    assert raised.value.field.startswith("neighborhood")
    assert len(str(raised.value)) <= 300


def test_offsets_for_other_dimensions_are_refused_with_some_that_fit():
    with pytest.raises(
        UserInputError, match=r"neighborhood is .*3 numbers.*2 dimensions.*\(\(1, 0\)"
    ) as raised:
        Affinities().channel_names(2)
    assert len(str(raised.value)) <= 300


def test_shares_out_of_order_are_refused():
    with pytest.raises(UserInputError, match="lowest_share is not below highest_share"):
        Affinities(lowest_share=0.5, highest_share=0.5)


def test_labels_with_channels_are_refused():
    labels = np.zeros((3, 4, 4), np.uint8)
    with pytest.raises(UserInputError, match=r"labels is .*3 channels; this task takes one id.*Select one"):
        along_x(1, 2).refuse_labels(labels, np.ones((4, 4), np.bool_))
