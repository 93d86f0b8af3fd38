"""Steps: hand-worked values, exact ids, reading no more than a patch needs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from counting import Counting
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import MinMax
from napari_dacapo.arrays.resample import Resample
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError

LARGE = 2**63 + 5  # not in int64, not exact in float64
SIZES = st.floats(0.3, 4.0, allow_nan=False)


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def row(*values: Any, voxel_size: float = 1.0, offset: float = 0.0, dtype: Any = None) -> Array:
    return from_numpy(np.array([values], dtype), "yx", (1, voxel_size), (0, offset))


# --- Crop ---


def test_a_crop_keeps_the_voxels_of_its_box_and_their_place() -> None:
    #  world   10  12  14  16  18
    #  voxel     0   1   2   3
    array = Crop(begin=(0.0, 12.0), end=(1.0, 16.0)).apply(row(5, 6, 7, 8, voxel_size=2, offset=10))
    assert whole(array).tolist() == [[6, 7]]
    assert (array.offset, array.spatial_shape) == ((0.0, 12.0), (1, 2))


@pytest.mark.parametrize(("begin", "kept"), [(12.9, [6, 7, 8]), (13.1, [7, 8]), (13.0, [7, 8])])
def test_a_crop_moves_to_the_nearest_voxel_border(begin: float, kept: list[int]) -> None:
    array = Crop(begin=(0.0, begin), end=(1.0, 18.0)).apply(row(5, 6, 7, 8, voxel_size=2, offset=10))
    assert whole(array).tolist() == [kept]


def test_a_crop_of_channels_reads_only_its_own_voxels() -> None:
    counting = Counting(from_numpy(np.arange(2 * 6 * 6).reshape(2, 6, 6), "cyx", (1, 1)))
    array = Crop(begin=(2.0, 3.0), end=(5.0, 6.0)).apply(counting.array)
    assert array.read((1, 0), (1, 2)).tolist() == [[[21, 22]], [[57, 58]]]
    assert counting.requests == [(slice(0, 2), slice(3, 4), slice(3, 5))]


def test_a_crop_cannot_be_read_beyond_its_box() -> None:
    array = Crop(begin=(0.0, 0.0), end=(1.0, 2.0)).apply(row(1, 2, 3, 4))
    with pytest.raises(IndexError):
        array.read((0, 1), (1, 2))


# --- Resample ---


def test_growing_voxels_take_the_mean_of_what_they_cover() -> None:
    array = Resample(voxel_size=(1.0, 2.0)).apply(row(0, 10, 20, 40, 7))
    assert whole(array).tolist() == [[5, 30]]  # the fifth voxel fills no larger one
    assert (array.voxel_size, array.offset, array.dtype) == ((1.0, 2.0), (0.0, 0.0), np.float32)


def test_voxels_half_covered_count_half() -> None:
    # source  |  0  |  3  |  6  |
    # wanted  |   0    |    1   |      ratio 1.5: (0 + 3/2) / 1.5 and (3/2 + 6) / 1.5
    array = Resample(voxel_size=(1.0, 1.5)).apply(row(0, 3, 6))
    np.testing.assert_allclose(whole(array), [[1, 5]], rtol=1e-6)


def test_shrinking_voxels_lie_on_the_line_between_centres() -> None:
    # centres of source at 0.5, 1.5; of wanted at 0.25, 0.75, 1.25, 1.75
    array = Resample(voxel_size=(1.0, 0.5)).apply(row(0, 8))
    np.testing.assert_allclose(whole(array), [[0, 2, 6, 8]], atol=1e-6)


@pytest.mark.parametrize(
    ("voxel_size", "method", "expected"),
    [
        (2.0, "nearest", [2, 3]),  # the centre lies on a border: the later voxel
        (2.0, "majority", [1, 2]),  # 1 2 | 2 3: one vote each, so the smaller id
        (2.5, "majority", [2, 2]),  # 1 2 2 | 2 3 9: all voxels that are touched vote
        (3.0, "majority", [2]),  # 1 2 2
        (0.5, "majority", [1, 1, 2, 2, 2, 2, 3, 3, 9, 9]),
        (0.5, "nearest", [1, 1, 2, 2, 2, 2, 3, 3, 9, 9]),
    ],
)
def test_labels_keep_ids(voxel_size: float, method: Any, expected: list[int]) -> None:
    array = Resample(voxel_size=(1.0, voxel_size), method=method).apply(row(1, 2, 2, 3, 9))
    assert whole(array).tolist() == [expected]


def test_the_majority_is_of_the_whole_block() -> None:
    data = np.array([[5, 5, 1, 2], [9, 5, 2, 2]])
    array = Resample(voxel_size=(2.0, 2.0), method="majority").apply(from_numpy(data, "yx", (1, 1)))
    assert whole(array).tolist() == [[5, 2]]


@pytest.mark.parametrize("method", ["nearest", "majority"])
def test_row_25_ids_beyond_2_to_the_63_stay_exact(method: Any) -> None:
    ids = row(LARGE, LARGE, LARGE + 1, LARGE + 1, 2**64 - 1, 2**64 - 1, dtype=np.uint64)
    array = Resample(voxel_size=(1.0, 2.0), method=method).apply(ids)
    assert whole(array).tolist() == [[LARGE, LARGE + 1, 2**64 - 1]]
    assert array.dtype == np.uint64


def test_a_patch_reads_only_the_source_below_it() -> None:
    counting = Counting(from_numpy(np.zeros((64, 64, 64), np.uint8), "zyx", (1, 1, 1)))
    array = Resample(voxel_size=(2.0, 2.0, 4.0)).apply(counting.array)
    array.read((3, 4, 5), (2, 2, 2))
    assert counting.requests == [(slice(6, 10), slice(8, 12), slice(20, 28))]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(SIZES, SIZES), method=st.sampled_from(["linear", "nearest", "majority"]), data=st.data()
)
def test_a_patch_has_the_same_values_however_the_array_is_cut(sizes: Any, method: Any, data: Any) -> None:
    values = np.random.default_rng(0).integers(0, 5, (2, 17, 23)).astype(np.uint16)
    array = Resample(voxel_size=sizes, method=method).apply(from_numpy(values, "cyx", (1, 1.5)))
    start = tuple(data.draw(st.integers(0, n - 1)) for n in array.spatial_shape)
    shape = tuple(data.draw(st.integers(0, n - s)) for n, s in zip(array.spatial_shape, start, strict=True))
    inside = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    np.testing.assert_array_equal(array.read(start, shape), whole(array)[(slice(None), *inside)])


@settings(max_examples=60, deadline=None)
@given(size=SIZES, ids=st.lists(st.integers(0, 2**64 - 1), min_size=5, max_size=12))
def test_row_26_resampling_invents_no_ids(size: float, ids: list[int]) -> None:
    for method in ("nearest", "majority"):
        array = Resample(voxel_size=(1.0, size), method=method).apply(row(*ids, dtype=np.uint64))
        assert set(whole(array).ravel().tolist()) <= set(ids)


@settings(max_examples=40, deadline=None)
@given(size=SIZES)
def test_a_constant_stays_constant(size: float) -> None:
    array = Resample(voxel_size=(1.0, size)).apply(row(*[7] * 9))
    np.testing.assert_allclose(whole(array), 7, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(size=st.floats(1.0, 4.0))
def test_growing_voxels_keep_the_total_of_what_they_cover(size: float) -> None:
    values = np.array([3, 0, 8, 1, 1, 9, 2, 5, 4.0])
    means = whole(Resample(voxel_size=(1.0, size)).apply(row(*values)))[0]
    end = len(means) * size
    covered = np.interp(end, np.arange(10), np.concatenate([[0], values.cumsum()]))
    np.testing.assert_allclose(means.sum() * size, covered, rtol=1e-5)


# --- Binarize and SelectChannels ---


def test_groups_of_ids_become_channels() -> None:
    groups = (Group(title="cell", ids=(2, 3)), Group(title="all"), Group(title="none", ids=(300,)))
    array = Binarize(groups=groups).apply(row(0, 1, 2, 3, dtype=np.uint8))
    assert whole(array).tolist() == [[[0, 0, 1, 1]], [[0, 1, 1, 1]], [[0, 0, 0, 0]]]
    assert (array.axes, array.dtype, array.channel_names) == ("cyx", np.uint8, ("cell", "all", "none"))


def test_row_25_groups_tell_large_ids_apart() -> None:
    array = Binarize(groups=(Group(title="one", ids=(LARGE,)),)).apply(row(LARGE, LARGE + 1, dtype=np.uint64))
    assert whole(array).tolist() == [[[1, 0]]]


def test_channels_are_picked_in_the_order_given_and_only_they_are_read() -> None:
    counting = Counting(from_numpy(np.arange(8).reshape(4, 1, 2), "cyx", (1, 1)))
    named = replace(counting.array, channel_names=("a", "b", "c", "d"))
    array = SelectChannels(channels=(2, 1)).apply(named)
    assert whole(array).tolist() == [[[4, 5]], [[2, 3]]]
    assert counting.requests == [(slice(1, 3), slice(0, 1), slice(0, 2))]
    assert array.channel_names == ("c", "b")


def test_one_channel_alone_loses_the_axis() -> None:
    array = SelectChannels(channels=(1,)).apply(from_numpy(np.arange(4).reshape(2, 1, 2), "cyx", (1, 1)))
    assert (array.axes, whole(array).tolist()) == ("yx", [[2, 3]])


def test_a_channel_slice_of_selected_channels_is_that_slice() -> None:
    array = SelectChannels(channels=(3, 0, 2)).apply(from_numpy(np.arange(4).reshape(4, 1, 1), "cyx", (1, 1)))
    assert array.reader((slice(1, 3), slice(0, 1), slice(0, 1))).ravel().tolist() == [0, 2]


# --- what steps refuse ---

CHANNELS = from_numpy(np.zeros((2, 4, 4), np.uint8), "cyx", (2, 2))
LABELS = from_numpy(np.zeros((4, 4), np.uint8), "yx", (2, 2))
FLOATS = from_numpy(np.zeros((4, 4)), "yx", (2, 2))
CELL = (Group(title="cell"),)


@pytest.mark.parametrize(
    ("step", "array", "words"),
    [
        (Crop(begin=(0.0, 0.0), end=(9.0, 8.0)), LABELS, "outside of array. The array covers"),
        (Crop(begin=(0.0, 0.0, 0.0), end=(1.0, 1.0, 1.0)), LABELS, "3 numbers, array has 2 axes"),
        (Crop(begin=(0.0, 0.0), end=(0.4, 8.0)), LABELS, "no whole voxel"),
        (Resample(voxel_size=(1.0,)), LABELS, "1 numbers, array has 2 axes"),
        (Resample(voxel_size=(9.0, 1.0)), LABELS, "larger than array"),
        (Binarize(groups=CELL), FLOATS, "has float64; ids are integers"),
        (Binarize(groups=CELL), CHANNELS, "has channels already"),
        (SelectChannels(channels=(2,)), CHANNELS, "has 2 channels. Choose from 0 to 1"),
        (SelectChannels(channels=(0,)), LABELS, "has no channels"),
    ],
)
def test_a_step_that_does_not_fit_says_why(step: Step, array: Array, words: str) -> None:
    with pytest.raises(UserInputError) as caught:
        step.apply(array)
    assert words in str(caught.value) and len(str(caught.value)) <= 300


@pytest.mark.parametrize(
    "build",
    [
        lambda: Crop(begin=(1.0, 1.0), end=(1.0, 2.0)),
        lambda: Crop(begin=(1.0,), end=(2.0, 2.0)),
        lambda: Crop(begin=(), end=()),
        lambda: Resample(voxel_size=(0.0, 1.0)),
        lambda: Binarize(groups=()),
        lambda: Binarize(groups=CELL * 2),
        lambda: Binarize(groups=(Group(title="negative", ids=(-1,)),)),
        lambda: SelectChannels(channels=()),
    ],
)
def test_a_step_that_makes_no_sense_cannot_be_built(build: Any) -> None:
    with pytest.raises(UserInputError):
        build()


@pytest.mark.parametrize(
    "step",
    [
        Crop(begin=(0.0, 1.5), end=(2.0, 3.0)),
        Resample(voxel_size=(4.0, 4.0), method="majority"),
        Binarize(groups=(Group(title="cell", ids=(LARGE,)),)),
        SelectChannels(channels=(2, 0)),
        MinMax(),
    ],
)
def test_a_step_comes_back_from_json(step: Step) -> None:
    assert Step.from_json(step.to_json()) == step
