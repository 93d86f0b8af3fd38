"""Reading beyond the borders."""

import numpy as np
import pytest
from counting import Counting
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.padding import read_padded

DATA = np.arange(1, 31, dtype=np.int16).reshape(5, 6)
ARRAY = from_numpy(DATA, "yx", (1.0, 1.0))
starts = st.tuples(st.integers(-20, 20), st.integers(-20, 20))
shapes = st.tuples(st.integers(1, 15), st.integers(1, 15))


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (-2, 3, [3, 2, 1]),
        (2, 4, [3, 2, 1, 2]),
        (-5, 11, [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2]),  # the pad is larger than the array
        (7, 2, [2, 1]),  # nothing of it inside
    ],
)
def test_reflection_does_not_repeat_the_border(start: int, length: int, expected: list[int]) -> None:
    array = from_numpy(np.array([[1, 2, 3]]), "yx", (1.0, 1.0))
    assert read_padded(array, (0, start), (1, length), "reflect")[0].tolist() == expected


def test_a_single_voxel_is_reflected_as_itself() -> None:
    array = from_numpy(np.array([[7]]), "yx", (1.0, 1.0))
    assert (read_padded(array, (-2, -3), (5, 5), "reflect") == 7).all()


@settings(max_examples=60, deadline=None)
@given(starts, shapes)
def test_reflection_is_that_of_numpy(start: tuple[int, int], shape: tuple[int, int]) -> None:
    padded = np.pad(DATA, 40, mode="reflect")
    expected = padded[start[0] + 40 :, start[1] + 40 :][: shape[0], : shape[1]]
    np.testing.assert_array_equal(read_padded(ARRAY, start, shape, "reflect"), expected)


@settings(max_examples=60, deadline=None)
@given(starts, shapes)
def test_outside_is_filled(start: tuple[int, int], shape: tuple[int, int]) -> None:
    padded = np.pad(DATA, 40, constant_values=9)
    expected = padded[start[0] + 40 :, start[1] + 40 :][: shape[0], : shape[1]]
    result = read_padded(ARRAY, start, shape, "constant", 9)
    assert result.dtype == DATA.dtype
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_channels_are_padded_alike(mode: str) -> None:
    array = from_numpy(np.stack([DATA, DATA + 100]), "cyx", (1.0, 1.0))
    result = read_padded(array, (-3, 2), (4, 8), mode)
    single = read_padded(ARRAY, (-3, 2), (4, 8), mode)
    np.testing.assert_array_equal(result[0], single)
    np.testing.assert_array_equal(result[1], np.where(single, single + 100, 0))


@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_only_the_part_inside_is_read(mode: str) -> None:
    counting = Counting(ARRAY)
    read_padded(counting.array, (-1, 4), (3, 4), mode)
    assert counting.requests[0][0] == slice(0, 2)
    assert counting.requests[0][1].stop == 6 and counting.voxels <= 2 * 4
    if mode == "constant":
        read_padded(counting.array, (-5, 0), (3, 4), mode)
        assert len(counting.requests) == 1
