"""Steps that make masks, sums and parted objects: values worked by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.constant import Constant
from napari_dacapo.arrays.grow_boundaries import GrowBoundaries
from napari_dacapo.arrays.logical_or import LogicalOr
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.step import Step
from napari_dacapo.arrays.sum_channels import SumChannels
from napari_dacapo.errors import UserInputError

LARGE = 2**63 + 5


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def row(*values: Any, dtype: Any = np.uint64) -> Array:
    return from_numpy(np.array([values], dtype), "yx", (1.0, 1.0))


def channels(*rows: list[Any], dtype: Any = np.uint8) -> Array:
    return from_numpy(np.array(rows, dtype)[:, None], "cyx", (1.0, 1.0))


def test_a_voxel_is_in_the_mask_if_any_channel_has_something() -> None:
    mask = LogicalOr().apply(channels([0, 7, 0, 1], [0, 0, 2, 1]))
    assert (mask.axes, mask.shape, mask.dtype) == ("yx", (1, 4), np.uint8)
    assert whole(mask).tolist() == [[0, 1, 1, 1]]
    assert mask.read((0, 1), (1, 2)).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("dtype", "wide"), [(np.uint8, np.uint64), (np.int16, np.int64), (np.float32, np.float32)]
)
def test_a_sum_is_of_a_type_that_holds_it(dtype: Any, wide: Any) -> None:
    total = SumChannels().apply(channels([100, 1], [100, 2], [100, 3], dtype=dtype))
    assert total.dtype == wide
    assert whole(total).dtype == wide
    assert whole(total).tolist() == [[300, 6]]


def test_a_constant_is_everywhere_the_same_and_reads_nothing() -> None:
    def refuse(slices: tuple[slice, ...]) -> Any:
        raise AssertionError("it was read")

    array = from_numpy(np.zeros((3, 4), np.float32), "yx", (1.0, 1.0))
    ones = Constant().apply(Array(**{n: getattr(array, n) for n in array.__slots__} | {"reader": refuse}))
    assert whole(ones).tolist() == np.ones((3, 4)).tolist()
    assert (whole(ones).dtype, ones.box) == (np.uint8, array.box)
    assert whole(Constant(value=0).apply(array)).sum() == 0


# ids       4 4 4 9 9 9 0 5 5 0 0
# by one    4 4 0 0 9 9 0 5 5 0 0     next to another object; background parts 9 and 5 already
# by two    4 0 0 0 0 0 0 0 5 0 0     9 loses two at 4 and one that is two from 5
@pytest.mark.parametrize(
    ("voxels", "kept"),
    [(1, [4, 4, 0, 0, 9, 9, 0, 5, 5, 0, 0]), (2, [4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0])],
)
def test_objects_lose_voxels_where_they_touch_others(voxels: int, kept: list[int]) -> None:
    step = GrowBoundaries(voxels=voxels)
    assert whole(step.apply(row(4, 4, 4, 9, 9, 9, 0, 5, 5, 0, 0))).tolist() == [kept]


def test_ids_that_differ_by_one_above_two_to_the_63_are_two_objects() -> None:
    parted = whole(GrowBoundaries().apply(row(LARGE, LARGE, LARGE + 1, LARGE + 1)))
    assert parted.tolist() == [[LARGE, 0, 0, LARGE + 1]]


def test_along_axes_that_are_not_named_objects_stay() -> None:
    labels = np.array([[[1, 1]], [[2, 2]]], np.uint8)
    array = from_numpy(labels, "zyx", (1.0, 1.0, 1.0))
    assert whole(GrowBoundaries(axes=("y", "x")).apply(array)).tolist() == labels.tolist()
    assert not whole(GrowBoundaries(axes=("z",)).apply(array)).any()


@given(st.integers(0, 2**32), st.integers(1, 3), st.tuples(*(st.integers(0, 6),) * 2))
def test_a_patch_is_the_cut_of_the_whole(seed: int, voxels: int, start: tuple[int, int]) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, (10, 12), np.uint16)
    array = GrowBoundaries(voxels=voxels).apply(from_numpy(labels, "yx", (1.0, 1.0)))
    y, x = start
    np.testing.assert_array_equal(array.read(start, (4, 5)), whole(array)[y : y + 4, x : x + 5])


@pytest.mark.parametrize(
    ("step", "array", "words"),
    [
        (LogicalOr(), row(1), "steps is 'yx': array has no channels. Remove this step"),
        (SumChannels(), row(1), "array has no channels"),
        (GrowBoundaries(), channels([1], [2]), "labels are integers without channels"),
        (GrowBoundaries(), row(0.5, dtype=np.float32), "labels are integers without channels"),
    ],
)
def test_a_step_that_does_not_fit_says_why(step: Step, array: Array, words: str) -> None:
    with pytest.raises(UserInputError, match=words):
        step.apply(array)


def test_an_axis_is_named_once() -> None:
    with pytest.raises(UserInputError, match="an axis stands twice"):
        GrowBoundaries(axes=("z", "z"))
