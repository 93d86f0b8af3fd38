"""Datasets: raw and labels of different grids, unknown voxels, what is refused on opening."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import Counting
from hypothesis import given
from hypothesis import strategies as st
from saved import saved

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset
from napari_dacapo.datasplits.ids import object_ids
from napari_dacapo.datasplits.known import known_voxels
from napari_dacapo.errors import UserInputError

UNCHANGED = FixedRange(low=0.0, high=1.0)
LARGE = 2**63 + 5
Grid = dict[str, Any]


def whole(array: Array | None) -> list[Any]:
    assert array is not None
    return array.read((0,) * array.dims, array.spatial_shape).tolist()


def opened(folder: Path, raw: Any, labels: Any, mask: Any = None, **fields: Any) -> OpenDataset:
    """Each array is data, or data with its grid."""
    sources = {}
    for title, array in (("raw", raw), ("labels", labels), ("mask", mask)):
        if array is not None:
            data, grid = array if isinstance(array, tuple) else (array, {})
            sources[title] = saved(folder, title, data, **grid)
    return Dataset(title="cells", **sources, **fields).open(folder, fields.get("normalization", UNCHANGED))


# --- grids ---


def nm(voxel_size: tuple[float, ...], offset: tuple[float, ...]) -> Grid:
    return {"voxel_size": voxel_size, "offset": offset, "unit": "nm"}


@pytest.mark.parametrize(
    ("raw_grid", "labels_grid", "region"),
    [
        # raw 0..32 x 0..32; labels 8..24 x 16..32
        (nm((8, 8), (0, 0)), nm((4, 4), (8, 16)), Box((8, 16), (24, 32))),
        # raw 0..32; labels of twice the size 16..80: half of the first two
        (nm((8, 8), (0, 0)), nm((16, 16), (16, 16)), Box((16, 16), (32, 32))),
        # a shift of half a voxel
        (nm((8, 8), (4, 4)), nm((8, 8), (0, 0)), Box((4, 4), (32, 32))),
        # anisotropic, finer along one axis and coarser along the other
        (nm((40, 4), (0, 0)), nm((20, 8), (-20, 0)), Box((0, 0), (60, 16))),
    ],
)
def test_the_region_is_what_raw_and_labels_both_cover(
    tmp_path: Path, raw_grid: Grid, labels_grid: Grid, region: Box
) -> None:
    zeros = np.zeros((4, 4), np.uint8)
    assert opened(tmp_path, (zeros, raw_grid), (zeros, labels_grid)).region == region


GRID = {"voxel_size": (1.0, 1.0), "unit": "nm"}
ZEROS = np.zeros((4, 4), np.uint8)

BAD = [
    pytest.param(
        ZEROS, ZEROS.astype("float32"), None, ("cells.labels", "labels must be integer", "float32"), id="21"
    ),
    pytest.param(ZEROS.astype("complex64"), ZEROS, None, ("cells.raw", "complex64"), id="37"),
    pytest.param(
        (ZEROS, nm((9, 9), (0, 0))), (ZEROS, nm((6, 6), (0, 0))), None, ("(9.0, 9.0)", "(6.0, 6.0)"), id="43"
    ),
    pytest.param((ZEROS, GRID), ZEROS, None, ("nm", "no unit", "Set voxel size"), id="44"),
    pytest.param(
        (ZEROS, nm((8, 8), (0, 0))),
        (ZEROS, nm((8, 8), (0, 32))),
        None,
        ("0..32, 0..32", "0..32, 32..64"),
        id="46",
    ),
    pytest.param(
        (ZEROS, nm((8, 8), (0, 0))),
        (ZEROS, nm((8, 8), (0, 28))),
        None,
        ("does not overlap",),
        id="46 half a voxel",
    ),
    pytest.param(np.zeros((4, 4, 4)), ZEROS, None, ("cells.labels", "2D", "3D"), id="49"),
    pytest.param(ZEROS, ZEROS, (ZEROS, GRID), ("cells.mask", "nm"), id="44 mask"),
    pytest.param(
        ZEROS, ZEROS, (np.zeros((2, 4, 4)), {"axes": "cyx"}), ("cells.mask", "has 2"), id="32 channels"
    ),
]


@pytest.mark.parametrize(("raw", "labels", "mask", "words"), BAD)
def test_what_does_not_fit_is_refused_on_opening(
    tmp_path: Path, raw: Any, labels: Any, mask: Any, words: tuple[str, ...]
) -> None:
    with pytest.raises(UserInputError) as caught:
        opened(tmp_path, raw, labels, mask)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert text.startswith("cells.") and caught.value.fix and len(text) <= 300


def test_a_missing_file_is_named_with_its_place_in_the_dataset(tmp_path: Path) -> None:
    raw = saved(tmp_path, "raw", ZEROS)
    dataset = Dataset(title="cells", raw=raw, labels=raw.replace(path="gone.npy"))
    with pytest.raises(UserInputError, match=r"cells\.labels\.path is .*gone\.npy"):
        dataset.open(tmp_path, UNCHANGED)


@pytest.mark.parametrize(("point", "fits"), [((0.0, 3.9), True), ((0.0, 4.0), False), ((1.0,), False)])
def test_points_must_lie_in_the_data(tmp_path: Path, point: tuple[float, ...], fits: bool) -> None:
    if fits:
        assert opened(tmp_path, ZEROS, ZEROS, points=(point,)).points == (point,)
    else:
        with pytest.raises(UserInputError, match=r"cells\.points"):
            opened(tmp_path, ZEROS, ZEROS, points=(point,))


# --- labels ---


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", ">u2", ">i8", "uint64"])
def test_row_23_39_labels_of_every_integer_type_become_unsigned_and_native(
    tmp_path: Path, dtype: str
) -> None:
    labels = opened(tmp_path, ZEROS[:1, :2], np.array([[0, 1]]).astype(dtype)).labels
    values = labels.read((0, 0), (1, 2))
    assert values.tolist() == [[0, 1]]
    assert values.dtype.kind == "u" and values.dtype.isnative and values.dtype == labels.dtype


def test_row_24_a_negative_id_is_named_when_it_is_read(tmp_path: Path) -> None:
    labels = opened(tmp_path, ZEROS, np.array([[3, -7], [0, 0]])).labels
    assert labels.read((1, 0), (1, 2)).tolist() == [[0, 0]]
    with pytest.raises(UserInputError, match="labels is -7"):
        labels.read((0, 0), (1, 2))


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8))
def test_row_25_26_ids_of_any_size_stay_exact(ids: list[int]) -> None:
    array = from_numpy(np.array([ids], np.uint64), "yx", (1, 1))
    assert whole(object_ids(array, "nothing")) == [ids]
    assert whole(object_ids(array, "zero")) == [[max(i - 1, 0) for i in ids]]
    assert whole(known_voxels(array, None, "zero")) == [[i > 0 for i in ids]]


# --- unknown voxels ---


def test_without_mask_and_convention_everything_is_known(tmp_path: Path) -> None:
    assert opened(tmp_path, ZEROS, ZEROS).known is None


def test_zero_is_unknown_one_is_background_and_the_rest_are_objects(tmp_path: Path) -> None:
    dataset = opened(tmp_path, ZEROS, np.array([[0, 1, 2, LARGE]], np.uint64), unlabelled="zero")
    assert whole(dataset.labels) == [[0, 0, 1, LARGE - 1]]
    assert whole(dataset.known) == [[False, True, True, True]]


def test_a_mask_of_other_voxels_is_sampled_at_the_centres_of_the_labels(tmp_path: Path) -> None:
    # labels  |0|1|2|3|4|5|      voxels of 4 nm from 0 on
    # mask        |  7  |  0     voxels of 8 nm from 8 on; before it nothing is known
    labels = (np.ones((1, 6), np.uint8), nm((4, 4), (0, 0)))
    mask = (np.array([[7, 0]]), nm((4, 8), (0, 8)))
    known = opened(tmp_path, (np.zeros((1, 6)), nm((4, 4), (0, 0))), labels, mask).known
    assert whole(known) == [[False, False, True, True, False, False]]
    assert known is not None and known.read((0, 3), (1, 2)).tolist() == [[True, False]]
    assert known.read((0, 0), (1, 2)).tolist() == [[False, False]]


def test_mask_and_convention_must_both_know_a_voxel(tmp_path: Path) -> None:
    labels, mask = np.array([[0, 1, 2, 3]], np.uint8), np.array([[1, 1, 0, 255]], np.uint8)
    known = opened(tmp_path, ZEROS, labels, mask, unlabelled="zero").known
    assert whole(known) == [[False, True, False, True]]


def test_known_has_no_channels_even_if_the_labels_have(tmp_path: Path) -> None:
    labels = (np.array([[[0, 1, 0]], [[0, 0, 2]]], np.uint8), {"axes": "cyx"})
    dataset = opened(tmp_path, np.zeros((1, 3)), labels, unlabelled="zero")
    assert (dataset.labels.axes, whole(dataset.labels)) == ("cyx", [[[0, 0, 0]], [[0, 0, 1]]])
    assert dataset.known is not None
    assert (dataset.known.axes, whole(dataset.known)) == ("yx", [[False, True, True]])


def test_a_patch_of_known_reads_only_the_mask_below_it() -> None:
    labels = from_numpy(np.ones((64, 64), np.uint8), "yx", (4, 4))
    counting = Counting(from_numpy(np.ones((32, 32), np.uint8), "yx", (8, 8)))
    known = known_voxels(labels, counting.array, "nothing")
    assert known is not None and known.read((10, 20), (4, 6)).all()
    assert counting.requests == [(slice(5, 7), slice(10, 13))]


# --- normalization ---


def test_raw_gets_the_normalization_of_the_datasplit(tmp_path: Path) -> None:
    raw = saved(tmp_path, "raw", [[0, 10]])
    dataset = Dataset(raw=raw, labels=raw).open(tmp_path, FixedRange(low=0.0, high=20.0))
    assert whole(dataset.raw) == [[0, 0.5]] and dataset.raw.dtype == np.float32
    assert whole(dataset.plain_raw) == [[0, 10]]


def test_raw_that_its_own_steps_normalise_is_left_as_it_is(tmp_path: Path) -> None:
    raw = saved(tmp_path, "raw", [[0, 10]])
    dataset = Dataset(raw=raw.replace(steps=(MinMax(),)), labels=raw)
    assert whole(dataset.open(tmp_path, FixedRange(low=0.0, high=20.0)).raw) == [[0, 1]]


def test_a_dataset_comes_back_from_json(tmp_path: Path) -> None:
    raw = saved(tmp_path, "raw", [[0, 10]], steps=(Percentile(low=2.0),))
    dataset = Dataset(raw=raw, labels=raw, mask=raw, unlabelled="zero", weight=3, points=((1.0, 2.0),))
    assert Dataset.from_json(dataset.to_json()) == dataset
