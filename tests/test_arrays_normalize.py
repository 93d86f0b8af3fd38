"""Normalizations: what becomes 0 and 1, measured once on a bounded sample."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from counting import Counting

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile, ZScore
from napari_dacapo.arrays.sample import BLOCK_BYTES, SAMPLE_BYTES, Sample
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.errors import UserInputError

RAMP = np.arange(101, dtype=np.uint8).reshape(1, 101)  # percentile p is intensity p
MEASURED = [MinMax(), Percentile(), ZScore()]


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


@pytest.mark.parametrize(
    ("normalization", "zero", "one"),
    [
        (MinMax(), 0, 100),
        (Percentile(), 1, 99),
        (Percentile(low=10, high=60), 10, 60),
        (ZScore(), 50, 50 + np.sqrt(850)),  # 0..100: mean 50, variance (101 ** 2 - 1) / 12
        (FixedRange(low=20, high=70), 20, 70),
    ],
)
def test_two_levels_become_0_and_1(normalization: Normalization, zero: float, one: float) -> None:
    values = whole(normalization.apply(from_numpy(RAMP, "yx", (1, 1))))
    expected = (np.arange(101) - zero) / (one - zero)
    if not isinstance(normalization, ZScore):
        expected = expected.clip(0, 1)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values[0], expected, atol=1e-6)


@pytest.mark.parametrize("normalization", MEASURED)
def test_each_channel_has_its_own_levels(normalization: Normalization) -> None:
    one = whole(normalization.apply(from_numpy(RAMP, "yx", (1, 1))))
    both = normalization.apply(from_numpy(np.stack([RAMP * 2.0, RAMP + 1000.0]), "cyx", (1, 1)))
    np.testing.assert_allclose(whole(both), np.stack([one, one]), atol=1e-5)


def test_a_single_channel_read_uses_the_levels_of_that_channel() -> None:
    both = MinMax().apply(from_numpy(np.stack([RAMP * 2.0, RAMP + 1000.0]), "cyx", (1, 1)))
    second = both.reader((slice(1, 2), slice(0, 1), slice(0, 101)))
    np.testing.assert_allclose(second[0, 0], np.arange(101) / 100, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "int8", ">u2", "<i4", ">f4", "float16", "uint64", "float64"])
def test_every_real_type_becomes_native_float32(dtype: str) -> None:
    data = np.array([[0, 1], [1, 0]]).astype(dtype)
    values = whole(MinMax().apply(from_numpy(data, "yx", (1, 1))))
    assert values.dtype == np.float32 and values.dtype.isnative
    assert values.tolist() == [[0, 1], [1, 0]]


def test_large_integers_are_not_merged_before_scaling() -> None:
    data = np.array([[2**40, 2**40 + 1, 2**40 + 2]])
    assert whole(MinMax().apply(from_numpy(data, "yx", (1, 1)))).tolist() == [[0, 0.5, 1]]


def test_equal_percentiles_fall_back_to_smallest_and_largest() -> None:
    data = np.zeros((1, 1000), np.uint8)
    data[0, 0] = 10
    assert whole(Percentile().apply(from_numpy(data, "yx", (1, 1)))).max() == 1


def test_nothing_is_read_before_the_first_read_and_measured_once_by_many_threads() -> None:
    counting = Counting(from_numpy(RAMP, "yx", (1, 1)))
    array = Percentile().apply(counting.array)
    assert counting.requests == []
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: array.read((0, 0), (1, 3)), range(40)))
    measuring = [slices for slices in counting.requests if slices[1] != slice(0, 3)]
    assert measuring == [(slice(0, 1), slice(0, 64)), (slice(0, 1), slice(64, 101))]


def test_the_sample_of_a_volume_of_any_size_is_bounded_repeatable_and_spread() -> None:
    data = np.broadcast_to(np.zeros((), np.uint16), (10**6, 10**6, 10**6))
    array = from_numpy(data, "zyx", (1, 1, 1))
    sample = Sample.of(array)
    assert sample == Sample.of(array) and not sample.complete
    bytes_read = sum(block.nbytes for block in sample.read(array))
    assert SAMPLE_BYTES / 4 < bytes_read <= SAMPLE_BYTES
    for axis in range(3):
        starts = [start[axis] for start, _ in sample.places]
        assert min(starts) < 3 * 10**5 and max(starts) > 7 * 10**5


def test_blocks_are_whole_chunks_and_parts_of_large_ones() -> None:
    array = from_numpy(np.zeros((200, 200, 200), np.uint8), "zyx", (1, 1, 1))
    places = Sample.of(array, limit=2**18 * 9).places
    assert all(s % 64 == 0 for start, _ in places for s in start)
    large = np.broadcast_to(np.zeros((), np.uint8), (4096, 4096))
    page = replace(from_numpy(large, "yx", (1, 1)), chunks=(4096, 4096))
    assert all(np.prod(shape) <= BLOCK_BYTES for _, shape in Sample.of(page).places)


def test_a_small_array_is_sampled_completely() -> None:
    array = from_numpy(np.arange(70 * 65).reshape(70, 65), "yx", (1, 1))
    sample = Sample.of(array)
    assert sample.complete
    assert sorted(np.concatenate([b.ravel() for b in sample.read(array)])) == list(range(70 * 65))


BAD = [
    pytest.param(np.array([[0.0, np.nan, 2.0]]), "1 of 3 voxels", id="33 NaN in raw"),
    pytest.param(np.array([[0.0, np.inf, 2.0]]), "1 of 3 voxels", id="34 inf in raw"),
    pytest.param(np.full((2, 3), 7), "constant 7", id="35 constant raw"),
]


@pytest.mark.parametrize("normalization", MEASURED)
@pytest.mark.parametrize(("data", "words"), BAD)
def test_what_cannot_be_measured_is_refused_at_the_first_read(
    normalization: Normalization, data: np.ndarray, words: str
) -> None:
    array = normalization.apply(from_numpy(data, "yx", (1, 1), name="em.zarr"))
    with pytest.raises(UserInputError, match=words) as caught:
        array.read((0, 0), (1, 1))
    assert "em.zarr" in str(caught.value) and caught.value.fix


@pytest.mark.parametrize("normalization", [*MEASURED, FixedRange()])
@pytest.mark.parametrize("dtype", [pytest.param("complex64", id="37"), pytest.param("object", id="38")])
def test_what_is_not_a_real_number_is_refused(normalization: Normalization, dtype: str) -> None:
    with pytest.raises(UserInputError, match="real numbers") as caught:
        normalization.apply(from_numpy(np.zeros((2, 2), dtype), "yx", (1, 1)))
    assert dtype in str(caught.value)


@pytest.mark.parametrize("kind", [Percentile, FixedRange])
def test_levels_in_the_wrong_order_are_refused(kind: Any) -> None:
    with pytest.raises(UserInputError, match="not below"):
        kind(low=50.0, high=50.0)


@pytest.mark.parametrize("normalization", [*MEASURED, FixedRange(low=-3.0, high=4.0)])
def test_a_normalization_comes_back_from_json(normalization: Normalization) -> None:
    assert Normalization.from_json(normalization.to_json()) == normalization


def test_the_kinds_are_found() -> None:
    assert list(Normalization.kinds()) == ["FixedRange", "MinMax", "Percentile", "ZScore"]
