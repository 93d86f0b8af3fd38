"""Blocks cover a region once, and no two of them share a chunk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dacapo.blockwise.grid import Block, Grid, block_count, blocks

sides = st.tuples(st.integers(1, 40), st.integers(1, 13))


def test_the_last_blocks_are_smaller() -> None:
    assert list(blocks((5, 4), (2, 4))) == [
        Block((0, 0), (2, 4)),
        Block((2, 0), (2, 4)),
        Block((4, 0), (1, 4)),
    ]


@pytest.mark.parametrize(
    ("shape", "block_shape", "starts"),
    [
        ((50, 4), (10, 4), [(20, 0), (10, 0), (30, 0), (0, 0), (40, 0)]),
        ((45, 4), (10, 4), [(20, 0), (10, 0), (30, 0), (0, 0), (40, 0)]),  # 22 is in the block at 20
        ((30, 8), (10, 4), [(10, 0), (10, 4), (0, 0), (0, 4), (20, 0), (20, 4)]),
    ],
)
def test_the_middle_of_the_first_axis_comes_first(shape, block_shape, starts) -> None:
    assert [block.start for block in Grid(shape, block_shape).from_middle()] == starts


@settings(max_examples=1000)
@given(st.lists(sides, min_size=2, max_size=3))
def test_blocks_cover_the_region_once(region: list[tuple[int, int]]) -> None:
    region_shape, block_shape = (tuple(side) for side in zip(*region, strict=True))
    visits = np.zeros(region_shape, np.int64)
    found = list(blocks(region_shape, block_shape))
    for block in found:
        visits[block.slices] += 1
    assert (visits == 1).all()
    assert len(found) == block_count(region_shape, block_shape)


@settings(max_examples=1000)
@given(st.lists(sides, min_size=2, max_size=3), st.integers(1, 4))
def test_no_two_blocks_write_one_chunk(region: list[tuple[int, int]], chunks_per_block: int) -> None:
    region_shape, chunk_shape = (tuple(side) for side in zip(*region, strict=True))
    owners: dict[tuple[int, ...], int] = {}
    for number, block in enumerate(blocks(region_shape, tuple(c * chunks_per_block for c in chunk_shape))):
        touched = [
            range(start // chunk, -(-(start + n) // chunk))
            for start, n, chunk in zip(block.start, block.shape, chunk_shape, strict=True)
        ]
        for chunk in np.ndindex(*map(len, touched)):
            key = tuple(r[i] for r, i in zip(touched, chunk, strict=True))
            assert owners.setdefault(key, number) == number
