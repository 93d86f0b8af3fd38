"""Sources made of other sources: channels side by side, labels laid over each other, masked parts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saved import saved

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.concat_channels import ConcatChannels
from napari_dacapo.arrays.masked import Masked
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.merge_labels import MergeLabels, merged
from napari_dacapo.arrays.normalize import MinMax
from napari_dacapo.arrays.source import Source
from napari_dacapo.errors import UserInputError

LARGE = 2**63 + 5


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def test_channels_stand_side_by_side_in_order(tmp_path: Path) -> None:
    one = saved(tmp_path, "one", [[1, 2]])
    two = saved(tmp_path, "two", [[[3, 4]], [[5, 6]]], axes="cyx")
    array = ConcatChannels(sources=(one, two, one)).open(tmp_path)
    assert (array.axes, array.shape) == ("cyx", (4, 1, 2))
    assert whole(array).tolist() == [[[1, 2]], [[3, 4]], [[5, 6]], [[1, 2]]]
    assert array.reader((slice(1, 3), slice(0, 1), slice(1, 2))).ravel().tolist() == [4, 6]
    assert len(array.channel_names) == 4 and "one.npy" in array.channel_names[0]


def test_channels_of_normalised_sources_are_normalised(tmp_path: Path) -> None:
    plain = saved(tmp_path, "plain", [[1, 2]])
    normalised = plain.replace(steps=(MinMax(),))
    assert ConcatChannels(sources=(normalised, normalised)).is_normalized
    assert not ConcatChannels(sources=(normalised, plain)).is_normalized
    assert Masked(source=normalised, mask=plain).is_normalized


def test_the_sources_of_a_combination_keep_their_own_steps(tmp_path: Path) -> None:
    normalised = saved(tmp_path, "one", [[1.0, 5.0]], steps=(MinMax(),))
    plain = saved(tmp_path, "two", [[1.0, 5.0]])
    assert whole(ConcatChannels(sources=(normalised, plain)).open(tmp_path)).tolist() == [[[0, 1]], [[1, 5]]]


def test_later_labels_win_and_equal_ids_stay_different_objects(tmp_path: Path) -> None:
    lower = saved(tmp_path, "lower", np.array([[1, 1, 2, 0]], np.uint8))
    upper = saved(tmp_path, "upper", np.array([[0, 1, 0, 0]], np.uint16))
    array = MergeLabels(sources=(lower, upper)).open(tmp_path)
    # (1 - 1) 2 + 1 = 1, (1 - 1) 2 + 2 = 2, (2 - 1) 2 + 1 = 3
    assert whole(array).tolist() == [[1, 2, 3, 0]]
    assert array.dtype == np.uint64


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**61), min_size=4, max_size=4), min_size=2, max_size=4))
def test_row_26_merging_keeps_all_objects_apart(layers: list[list[int]]) -> None:
    arrays = [from_numpy(np.array([ids], np.uint64), "yx", (1, 1)) for ids in layers]
    values = merged(arrays, (slice(0, 1), slice(0, 4)))[0].tolist()
    on_top = [
        next(((k, ids[x]) for k, ids in reversed(list(enumerate(layers))) if ids[x]), None) for x in range(4)
    ]
    assert [value == 0 for value in values] == [top is None for top in on_top]
    assert len(set(values)) == len(set(on_top))


def test_row_25_ids_that_leave_no_room_are_refused_when_read(tmp_path: Path) -> None:
    large = saved(tmp_path, "large", np.array([[LARGE]], np.uint64))
    array = MergeLabels(sources=(large, large)).open(tmp_path)
    with pytest.raises(UserInputError, match=str(LARGE)):
        whole(array)


def test_outside_of_the_mask_stands_the_value(tmp_path: Path) -> None:
    ids = saved(tmp_path, "ids", np.array([[[LARGE, 7]], [[1, 2]]], np.uint64), axes="cyx")
    mask = saved(tmp_path, "mask", [[1, 0]])
    array = Masked(source=ids, mask=mask, value=3).open(tmp_path)
    assert whole(array).tolist() == [[[LARGE, 3]], [[1, 3]]]
    assert array.dtype == np.uint64


GRIDS: list[tuple[dict[str, Any], str]] = [
    ({"voxel_size": (2.0, 1.0)}, "(2.0, 1.0)"),
    ({"offset": (0.0, 0.5)}, "(0.0, 0.5)"),
    ({"voxel_size": (1.0, 1.0), "unit": "nm"}, "nm"),
]


@pytest.mark.parametrize(("grid", "words"), GRIDS)
@pytest.mark.parametrize("build", ["channels", "labels", "mask"])
def test_arrays_of_other_grids_are_refused_with_both_values(
    tmp_path: Path, grid: dict[str, Any], words: str, build: str
) -> None:
    one, two = saved(tmp_path, "one", [[1, 2]]), saved(tmp_path, "two", [[1, 2]], **grid)
    source: Source = {
        "channels": ConcatChannels(sources=(one, two)),
        "labels": MergeLabels(sources=(one, two)),
        "mask": Masked(source=one, mask=two),
    }[build]
    with pytest.raises(UserInputError) as caught:
        source.open(tmp_path)
    text = str(caught.value)
    assert words in text and "one.npy" in text and "two.npy" in text


@pytest.mark.parametrize(
    ("build", "dtypes", "words"),
    [
        (lambda a, b: ConcatChannels(sources=(a, b)), ("uint64", "int64"), "no integer type holds them all"),
        (lambda a, b: MergeLabels(sources=(a, b)), ("float32", "uint8"), "labels are integers"),
        (lambda a, b: Masked(source=a, mask=b, value=300), ("uint8", "uint8"), "uint8 cannot hold it"),
        (lambda a, b: Masked(source=a, mask=b, value=0.5), ("uint8", "uint8"), "uint8 cannot hold it"),
    ],
)
def test_values_that_would_change_are_refused(
    tmp_path: Path, build: Any, dtypes: tuple[str, str], words: str
) -> None:
    one, two = (saved(tmp_path, f"a{i}", np.ones((1, 2), dtype)) for i, dtype in enumerate(dtypes))
    with pytest.raises(UserInputError, match=words):
        build(one, two).open(tmp_path)


def test_combinations_come_back_from_json(tmp_path: Path) -> None:
    one = saved(tmp_path, "one", [[1, 2]], steps=(MinMax(),))
    channels = ConcatChannels(sources=(one, Masked(source=one, mask=one, value=0.5)))
    for source in (channels, MergeLabels(sources=(channels, one))):
        assert Source.from_json(source.to_json()) == source
