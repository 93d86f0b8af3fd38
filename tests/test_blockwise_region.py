"""A mask says where a volume is worked on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blockwise import same_objects, segmented, segmenting
from scipy import ndimage

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.region import Region
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.tasks.signed_distance import SignedDistance

COMPONENTS = SignedDistance(postprocessor=ConnectedComponents(threshold=(-0.5,), min_size=(0,)))
PARAMETERS = {"threshold": -0.5, "min_size": 0}


def mask(values: np.ndarray, voxel_size: World, offset: World = (0.0, 0.0)) -> Array:
    return from_numpy(values, "yx", voxel_size, offset)


def region(values: np.ndarray, voxel_size: World = (1.0, 1.0), offset: World = (0.0, 0.0)) -> Region:
    array = mask(values, voxel_size, offset)
    return Region(lambda: array, (0.0, 0.0), (1.0, 1.0))


def within(of: Segmenting, part: Region) -> Segmenting:
    return replace(of, region=part, grid=part.within(of.grid), coding=Coding("float32", -1, 1))


@pytest.mark.parametrize(
    ("voxel_size", "offset", "expected"),
    [
        ((1.0, 1.0), (0.0, 0.0), [[0, 1, 0, 0], [1, 1, 0, 0]]),
        ((2.0, 2.0), (0.0, 0.0), [[0, 0, 1, 1], [0, 0, 1, 1]]),  # the second row lies beyond the part
        ((1.0, 1.0), (0.0, 2.0), [[0, 0, 0, 1], [0, 0, 1, 1]]),
        ((0.5, 0.5), (0.0, 0.0), [[1, 0, 0, 0], [0, 0, 0, 0]]),  # the middle decides
        ((1.0, 1.0), (9.0, 9.0), [[0, 0, 0, 0], [0, 0, 0, 0]]),
    ],
)
def test_a_voxel_counts_where_its_middle_lies(
    voxel_size: World, offset: World, expected: list[list[int]]
) -> None:
    found = region(np.array([[0, 5], [1, 1]], np.uint8), voxel_size, offset).inside(Block((0, 0), (2, 4)))
    assert found.astype(int).tolist() == expected


def test_a_part_in_the_middle_of_a_volume_is_looked_up_at_its_place() -> None:
    values = np.random.default_rng(0).integers(0, 2, (12, 12), np.uint8)
    part = Block((3, 5), (4, 6))
    np.testing.assert_array_equal(region(values).inside(part), values[part.slices] != 0)


def test_blocks_wholly_outside_are_left_out() -> None:
    values = np.zeros((8, 8), np.uint8)
    values[3:5, 1] = 1
    grid = region(values).within(Grid((8, 8), (4, 4)))
    assert [block.start for block in grid.blocks()] == [(0, 0), (4, 0)] and grid.count == 2
    first = grid.at((0, 0))
    assert grid.next(first, 0) == grid.at((1, 0)) and grid.next(first, 1) is None
    assert [block.start for block, _ in grid.touched(Block((0, 0), (8, 8)))] == [(0, 0), (4, 0)]


def test_objects_are_those_of_the_whole_within_the_mask(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = ndimage.gaussian_filter(rng.random((40, 40)), 1.5)
    prediction = (2 * (values > np.median(values)) - 1).astype(np.float32)[None]
    marked = np.zeros((40, 40), np.uint8)
    marked[5:30, 9:26] = 1
    of = segmenting(tmp_path, COMPONENTS, PARAMETERS, prediction, (8, 8), (2, 2))
    found = region(marked)
    result = segmented(within(of, found))
    whole = COMPONENTS.segment(np.where(marked, prediction, np.float32(-1)), PARAMETERS)
    assert same_objects(result, np.where(marked, whole, 0)) and result.max() == 3
    blocks = {
        tuple(map(int, file.parts[-2:])) for file in (of.target / "0" / "c").rglob("*") if file.is_file()
    }
    assert blocks == {(y, x) for y in range(4) for x in range(1, 4)}


def test_a_hole_that_reaches_beyond_the_mask_stays(tmp_path: Path) -> None:
    inside = np.ones((12, 12), bool)
    inside[4:8, 4:12] = False  # closed only by voxels that are not in the mask
    marked = np.ones((12, 12), np.uint8)
    marked[:, 9:] = 0
    prediction = np.where(inside, 1, -1).astype(np.float32)[None]
    of = segmenting(tmp_path, COMPONENTS, PARAMETERS, prediction, (6, 6), (2, 2))
    found = region(marked)
    result = segmented(within(of, found))
    np.testing.assert_array_equal(result, inside & (marked > 0))
