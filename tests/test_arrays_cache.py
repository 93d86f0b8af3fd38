"""Caching: what is read never depends on what was kept; kept bytes stay within the budget."""

import threading
from contextlib import suppress

import numpy as np
import pytest
from counting import Counting
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dacapo.arrays import cache
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.cache import cached
from napari_dacapo.arrays.memory import from_numpy

SHAPE = (20, 30, 25)
DATA = np.arange(np.prod(SHAPE), dtype=np.uint32).reshape(SHAPE)


def chunked(data: np.ndarray = DATA, axes: str = "zyx", side: int = 8) -> Counting:
    from dataclasses import replace

    array = from_numpy(data, axes, (1.0,) * 3)
    return Counting(replace(array, chunks=(1,) * (data.ndim - 3) + (side,) * 3))


@pytest.fixture(autouse=True)
def blocks_are_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SMALLEST_BLOCK", 1)


CHUNK_BYTES = 8**3 * 4
patches = st.tuples(*(st.integers(0, n - 1) for n in SHAPE)).flatmap(
    lambda start: st.tuples(
        st.just(start), st.tuples(*(st.integers(1, n - s) for n, s in zip(SHAPE, start, strict=True)))
    )
)


@settings(max_examples=30, deadline=None)
@given(st.lists(patches, max_size=6), st.sampled_from([0, CHUNK_BYTES, 5 * CHUNK_BYTES, DATA.nbytes]))
def test_cached_patches_equal_those_of_the_array(asked: list[tuple], budget: int) -> None:
    array = cached(chunked().array, budget)
    for start, shape in asked:
        expected = DATA[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
        np.testing.assert_array_equal(array.read(start, shape), expected)


@pytest.mark.parametrize("budget", [DATA.nbytes, DATA.nbytes - 1])
def test_a_chunk_is_read_once_and_only_when_needed(budget: int) -> None:
    counting = chunked()
    array = cached(counting.array, budget)
    assert not counting.requests
    array.read((0, 0, 0), (8, 9, 8))
    assert counting.voxels == 2 * 8**3
    array.read((1, 1, 1), (5, 12, 7))
    assert counting.voxels == 2 * 8**3


def test_an_array_with_channels_is_cached_per_channel() -> None:
    counting = chunked(np.stack([DATA, DATA + 1]), "czyx")
    array = cached(counting.array, 10**9)
    np.testing.assert_array_equal(array.read((1, 2, 3), (3, 3, 3))[1], DATA[1:4, 2:5, 3:6] + 1)
    assert counting.voxels == 2 * 8**3


def test_the_chunk_not_used_for_longest_is_dropped() -> None:
    counting = chunked()
    array = cached(counting.array, 2 * CHUNK_BYTES)
    first, second, third = (0, 0, 0), (0, 0, 8), (0, 8, 0)
    for start in (first, second, first, third, first, second):
        array.read(start, (1, 1, 1))
    assert [tuple(s.start for s in request) for request in counting.requests] == [
        first,
        second,
        third,
        second,
    ]


def test_kept_bytes_never_exceed_the_budget() -> None:
    counting = chunked()
    array = cached(counting.array, 3 * CHUNK_BYTES + 5)
    latest = array.reader.__self__
    for z in range(0, 20, 3):
        array.read((z, 0, 0), (1, 30, 25))
        assert sum(block.nbytes for block in latest._kept.values()) == latest._bytes <= 3 * CHUNK_BYTES + 5


def test_a_chunk_larger_than_the_budget_is_not_kept() -> None:
    plain = chunked().array
    assert cached(plain, CHUNK_BYTES - 1).reader == plain.reader


def test_what_is_kept_cannot_be_changed_through_a_patch() -> None:
    for budget in (DATA.nbytes, 4 * CHUNK_BYTES):
        array = cached(chunked().array, budget)
        with suppress(ValueError):  # a patch may be read-only
            array.read((0, 0, 0), (8, 8, 8))[:] = 0
        np.testing.assert_array_equal(array.read((0, 0, 0), (8, 8, 8)), DATA[:8, :8, :8])


@pytest.mark.parametrize("budget", [DATA.nbytes, 4 * CHUNK_BYTES])
def test_threads_read_the_same_values(budget: int) -> None:
    array = cached(chunked().array, budget)
    wrong: list[int] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            start = tuple(int(rng.integers(0, n - 10)) for n in SHAPE)
            expected = DATA[tuple(slice(s, s + 10) for s in start)]
            if not (array.read(start, (10, 10, 10)) == expected).all():
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    ("shape", "chunks", "block"),
    [
        ((100, 512, 512), (1, 64, 64), (8, 64, 64)),
        ((100, 100, 100), (64, 64, 64), (64, 64, 64)),
        ((3, 5, 7), (1, 1, 1), (4, 8, 8)),
        ((10**5, 10**5, 10**5), (1, 1, 1), (32, 32, 32)),
    ],
)
def test_small_chunks_are_read_several_at_once(
    shape: tuple[int, ...], chunks: tuple[int, ...], block: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SMALLEST_BLOCK", 1 << 15)
    array = Array(
        name="a",
        axes="zyx",
        shape=shape,
        dtype=np.dtype("u1"),
        voxel_size=(1.0,) * 3,
        offset=(0.0,) * 3,
        unit="nm",
        chunks=chunks,
        reader=lambda slices: np.zeros([s.stop - s.start for s in slices], "u1"),
    )
    assert cache._block_shape(array) == block
