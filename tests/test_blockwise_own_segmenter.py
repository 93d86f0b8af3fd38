"""A person's own function segments block by block."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blockwise import same_objects, segmented, segmenting
from scipy import ndimage

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.blockwise.own_segmenter import OwnSegmenter
from napari_dacapo.blockwise.region import Region
from napari_dacapo.errors import BlocksError, UserInputError
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.tasks.signed_distance import SignedDistance

CODE = """
import numpy as np
from scipy import ndimage

def label(prediction, voxel_size, threshold=0.5):
    assert voxel_size == (8.0, 8.0)
    ids, _ = ndimage.label(prediction[0] > threshold)
    return 7 * ids  # any numbers will do

def negative(prediction, voxel_size):
    return np.array([[-3, 0], [5, -3]])

def flat(prediction, voxel_size):
    return prediction[0]

def short(prediction, voxel_size):
    return np.zeros((2, 2), int)

def each(prediction, voxel_size):
    return 1 + np.arange(prediction[0].size).reshape(prediction[0].shape)

def broken(prediction, voxel_size):
    return 1 / 0

number = 3
"""


@pytest.fixture
def own(tmp_path: Path) -> Any:
    (tmp_path / "mine.py").write_text(CODE)
    return lambda function, **parameters: OwnSegmenter(
        f"{tmp_path}/mine.py:{function}", (8.0, 8.0), parameters
    )


def segment(own: OwnSegmenter, shape: tuple[int, int] = (2, 2)) -> np.ndarray:
    return own.segment(np.zeros((1, *shape), np.float32), {})


def test_objects_through_several_blocks_are_one(tmp_path: Path, own: Any) -> None:
    values = ndimage.gaussian_filter(np.random.default_rng(0).random((40, 50)), 2)
    values = ((values - values.min()) / np.ptp(values)).astype(np.float32)[None]
    task = SignedDistance(postprocessor=ConnectedComponents())
    of = segmenting(tmp_path, task, {}, values, (16, 16), (40, 50))
    result = segmented(replace(of, method=own("label", threshold=0.6)))
    whole, count = ndimage.label(values[0] > 0.6)
    assert same_objects(result, whole) and np.unique(result).tolist() == list(range(count + 1))


def test_objects_beyond_a_mask_take_no_ids(tmp_path: Path, own: Any) -> None:
    marked = from_numpy(np.eye(4, dtype=np.uint8), "yx", (8.0, 8.0))
    region = Region(lambda: marked, (0.0, 0.0), (8.0, 8.0))
    task = SignedDistance(postprocessor=ConnectedComponents())
    of = segmenting(tmp_path, task, {}, np.zeros((1, 4, 4), np.float32), (2, 2), (0, 0))
    result = segmented(replace(of, method=own("each"), region=region, grid=region.within(of.grid)))
    np.testing.assert_array_equal(result, np.diag([1, 2, 3, 4]))


def test_any_whole_numbers_are_ids_and_zero_is_background(own: Any) -> None:
    assert segment(own("negative")).tolist() == [[1, 0], [2, 1]]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("flat", "it gave float32 of shape (3, 4)"),
        ("short", "it gave int64 of shape (2, 2)"),
        ("broken", "mine.py:broken': it raised ZeroDivisionError: division by zero"),
    ],
)
def test_what_goes_wrong_in_it_is_told_with_its_name(own: Any, function: str, told: str) -> None:
    with pytest.raises(UserInputError) as caught:
        segment(own(function), (3, 4))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("label", "it names no function"),
        ("os.path:", "it names no function"),
        ("no_such_module_of_mine:label", "cannot be imported (ModuleNotFoundError"),
        ("nowhere/mine.py:label", "there is no such file"),
        ("os.path:no_such_function", "os.path has no function no_such_function"),
        ("os.path:join", "unexpected keyword argument 'x'"),
    ],
)
def test_what_is_no_such_function_is_refused(address: str, told: str) -> None:
    with pytest.raises(UserInputError) as caught:
        OwnSegmenter(address, (8.0, 8.0), {"x": 1}).refuse_missing()
    assert told in str(caught.value) and len(str(caught.value)) <= 300


def test_parameters_that_it_does_not_take_are_refused(own: Any) -> None:
    own("label", threshold=0.1).refuse_missing()
    with pytest.raises(UserInputError, match="unexpected keyword argument 'sigma'"):
        own("label", sigma=2).refuse_missing()
    with pytest.raises(UserInputError, match="has no function number"):
        own("number").refuse_missing()


def test_blocks_that_fail_are_listed_with_the_function(tmp_path: Path, own: Any) -> None:
    task = SignedDistance(postprocessor=ConnectedComponents())
    of = segmenting(tmp_path, task, {}, np.zeros((1, 8, 8), np.float32), (4, 8), (1, 1))
    with pytest.raises(BlocksError, match=r"2 of 2 blocks failed .*mine.py:broken"):
        segmented(replace(of, method=own("broken")))


def test_a_file_that_was_edited_is_read_anew_when_work_begins(tmp_path: Path, own: Any) -> None:
    segmenter = own("label")
    segmenter.refuse_missing()
    (tmp_path / "mine.py").write_text("def label(prediction, voxel_size): return prediction[0] < 1")
    assert segment(segmenter).max() == 0  # what has begun goes on as it was
    segmenter.refuse_missing()
    assert segment(segmenter).min() == 1


def test_other_processes_get_it_by_its_name(own: Any) -> None:
    again = pickle.loads(pickle.dumps(own("negative")))
    assert segment(again).tolist() == [[1, 0], [2, 1]]


def test_other_code_is_another_source(tmp_path: Path, own: Any) -> None:
    before = own("label").source
    assert own("label").source == before
    (tmp_path / "other.py").write_text(CODE.replace("7 *", "8 *"))
    assert OwnSegmenter(f"{tmp_path}/other.py:label", (8.0, 8.0), {}).source != before
