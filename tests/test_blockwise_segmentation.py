"""Objects found block by block are those of the whole."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blockwise import same_objects, segmented, segmenting
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import open_own
from napari_dacapo.blockwise.joined import joined, offsets_of
from napari_dacapo.blockwise.parts import _pairs
from napari_dacapo.blockwise.segmentation import WRITTEN
from napari_dacapo.postprocessors.affinity_components import AffinityComponents
from napari_dacapo.postprocessors.affinity_watershed import AffinityWatershed
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task

NEIGHBORHOOD = ((1, 0), (0, -1), (5, 0), (0, 5))
COMPONENTS = SignedDistance(postprocessor=ConnectedComponents(threshold=(0.0,), min_size=(6,)))
OBJECTS: dict[str, Task] = {
    "components": COMPONENTS,
    "watershed": SignedDistance(postprocessor=DistanceWatershed(seed=(0.2,), min_size=(6,))),
    "ties": Affinities(
        neighborhood=NEIGHBORHOOD, postprocessor=AffinityComponents(threshold=(0.5,), min_size=(6,))
    ),
    "mutex": Affinities(
        neighborhood=NEIGHBORHOOD, postprocessor=MutexWatershed(bias=(0.5,), foreground=(0.3,), min_size=(6,))
    ),
    "fragments": Affinities(
        neighborhood=NEIGHBORHOOD,
        postprocessor=AffinityWatershed(threshold=(0.5,), foreground=(0.3,), min_size=(6,)),
    ),
}


def smooth(shape: tuple[int, ...], seed: int, low: float) -> np.ndarray:
    """Random blobs between `low` and 1, (c, (z,) y, x)."""
    noise = np.random.default_rng(seed).random(shape)
    values = ndimage.gaussian_filter(noise, (0, *(1.2,) * (len(shape) - 1)))
    begin, end = values.min(), values.max()
    return (low + (1 - low) * (values - begin) / (end - begin)).astype(np.float32)


def prediction(task: Task, shape: Voxels, seed: int) -> np.ndarray:
    return smooth((len(task.channel_names(len(shape))), *shape), seed, task.prediction_range[0])


@pytest.mark.parametrize("name", OBJECTS)
def test_one_block_gives_the_numbers_of_the_whole(name: str, tmp_path: Path) -> None:
    task = OBJECTS[name]
    parameters = task.parameter_grid()[0]
    values = prediction(task, (40, 33), 0)
    of = segmenting(tmp_path, task, parameters, values, (40, 33), (4, 4))
    np.testing.assert_array_equal(segmented(of), task.segment(values, parameters))


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("block_shape", [(12, 16), (40, 5)])
def test_blocks_that_see_everything_give_the_objects_of_the_whole(
    name: str, block_shape: Voxels, tmp_path: Path
) -> None:
    task = OBJECTS[name]
    parameters = task.parameter_grid()[0]
    values = prediction(task, (40, 33), 1)
    whole = task.segment(values, parameters)
    assert whole.max() > 3
    assert same_objects(
        segmented(segmenting(tmp_path, task, parameters, values, block_shape, (40, 40))), whole
    )


@settings(max_examples=10)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(4, 12), st.integers(4, 14), st.integers(4, 14)),
    block_shape=st.tuples(*(st.integers(3, 9),) * 3),
    threads=st.integers(1, 3),
)
def test_connected_components_are_exact_with_the_smallest_halo(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    shape: Voxels,
    block_shape: Voxels,
    threads: int,
) -> None:
    values = prediction(COMPONENTS, shape, seed)
    parameters = COMPONENTS.parameter_grid()[0]
    of = segmenting(tmp_path_factory.mktemp("n"), COMPONENTS, parameters, values, block_shape, (1, 1, 1))
    assert same_objects(segmented(of, threads), COMPONENTS.segment(values, parameters))


def filled(inside: np.ndarray, block_shape: Voxels, folder: Path) -> np.ndarray:
    """The connected components of a mask."""
    values = np.where(inside, 1, -1).astype(np.float32)[None]
    of = segmenting(folder, COMPONENTS, {"threshold": 0.0, "min_size": 0}, values, block_shape, (2, 2))
    result = segmented(of)
    assert same_objects(result, COMPONENTS.segment(values, of.parameters))
    return result


def test_a_hole_through_several_blocks_is_filled(tmp_path: Path) -> None:
    inside = np.ones((16, 16), bool)
    inside[3:13, 3:13] = False
    assert (filled(inside, (4, 4), tmp_path) == 1).all()


def test_a_hole_between_two_objects_stays(tmp_path: Path) -> None:
    inside = np.zeros((16, 16), bool)
    inside[1:15, 1:15] = True
    inside[4:12, 4:12] = False
    inside[7:9, 7:9] = True  # an object within the hole
    assert filled(inside, (4, 4), tmp_path)[5, 5] == 0


def test_a_hole_that_is_open_far_away_stays(tmp_path: Path) -> None:
    inside = np.ones((16, 16), bool)
    inside[3:13, 3:13] = False
    inside[4, 13:] = False
    assert filled(inside, (4, 4), tmp_path)[8, 8] == 0


def test_an_object_that_is_small_in_every_block_is_kept_for_its_whole_size(tmp_path: Path) -> None:
    values = np.full((1, 8, 8), -1, np.float32)
    values[0, 3:5, 3:5] = 1  # a voxel in each of four blocks
    values[0, 6, 6:8] = 1
    for min_size, sizes in ((2, [4, 2]), (4, [4]), (5, [])):
        folder = tmp_path / str(min_size)
        folder.mkdir()
        parameters = {"threshold": 0.0, "min_size": min_size}
        of = segmenting(folder, COMPONENTS, parameters, values, (4, 4), (1, 1))
        assert np.bincount(segmented(of).ravel())[1:].tolist() == sizes


@pytest.mark.parametrize(
    "task",
    [
        OneHot(classes=("background", "a", "b")),
        SignedDistance(channels=("a", "b"), postprocessor=Threshold()),
    ],
)
def test_classes_are_exact_and_nothing_is_left_behind(task: Task, tmp_path: Path) -> None:
    values, parameters = prediction(task, (20, 30), 3), task.parameter_grid()[0]
    of = segmenting(tmp_path, task, parameters, values, (8, 8), (4, 4))
    result = segmented(of)
    np.testing.assert_array_equal(result, task.segment(values, parameters))
    assert result.dtype == np.uint8 and not of.work.exists()


def test_the_middle_slices_are_written_first(tmp_path: Path) -> None:
    values, parameters = prediction(COMPONENTS, (40, 8), 4), COMPONENTS.parameter_grid()[0]
    segmented(segmenting(tmp_path, COMPONENTS, parameters, values, (8, 8), (2, 2)))
    entries = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    written = [each["block"][0] for each in entries if each.get("stage") == WRITTEN]
    assert written == [16, 8, 24, 0, 32]


def test_ids_are_at_least_32_bits_and_from_1_without_gaps(tmp_path: Path) -> None:
    values, parameters = prediction(COMPONENTS, (40, 40), 5), COMPONENTS.parameter_grid()[0]
    of = segmenting(tmp_path, COMPONENTS, parameters, values, (8, 8), (2, 2))
    ids = np.unique(segmented(of))
    assert open_own(of.target).dtype == np.uint32
    assert ids.tolist() == list(range(len(ids)))


@pytest.mark.parametrize(("least_overlap", "pairs"), [(0.0, [[1, 1], [2, 1]]), (0.5, [[1, 1]])])
def test_parts_are_one_where_both_blocks_find_them_in_the_same_voxels(
    least_overlap: float, pairs: list[Any]
) -> None:
    here = np.array([[1, 1, 1, 2, 2, 0]])
    there = np.array([[1, 1, 0, 1, 0, 3]])  # 2 of 3 voxels of part 1 are shared, 1 of 2 of part 2
    assert _pairs(here, there, least_overlap).tolist() == pairs


def test_components_are_numbered_by_their_first_things() -> None:
    offsets = offsets_of([3, 0, 2])
    assert offsets.tolist() == [-1, 2, 2, 5]
    pairs = np.array([[0, 3, 2, 1], [0, 1, 2, 2]])  # things 2 and 3, 0 and 4
    assert joined(5, [pairs], offsets).tolist() == [0, 1, 2, 2, 0]
