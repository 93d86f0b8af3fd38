"""A datasplit of datasets that are added, taken away, and told to train or to validate."""

from pathlib import Path

import numpy as np
import pytest

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset, Entry
from napari_dacapo.datasplits.entries import split_of, with_dataset, with_datasets, with_free_title, without
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.datasplits.pictures import pictures
from napari_dacapo.errors import UserInputError

RANGE = FixedRange(low=0.0, high=255.0)


def dataset(title: str) -> Dataset:
    return Dataset(title=title, raw=File(path="cells.zarr"), labels=File(path="cells.zarr"))


A, B, C = map(dataset, "ABC")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Cells of 4 x 2 x 2 voxels, 4 x 20 x 8 nm large in all."""
    world = {"axes": "zyx", "voxel_size": (1.0, 10.0, 4.0), "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(tmp_path / "cells.zarr", np.ones((4, 2, 2), np.uint8), **world)
    return tmp_path


def test_one_dataset_holds_out_a_slab_along_the_axis_it_is_longest_in(root: Path) -> None:
    assert split_of((Entry(A),), None, root) == HeldOutSlab(dataset=A, axis="y")


@pytest.mark.parametrize(
    "before",
    [
        HeldOutSlab(dataset=A, axis="x", fraction=0.5, normalization=RANGE),
        HeldOutBox(dataset=A, begin=(0.0,) * 3, end=(1.0,) * 3, normalization=RANGE),
    ],
)
def test_the_same_dataset_saved_again_keeps_what_was_held_out_of_it(before: HeldOutSlab | HeldOutBox) -> None:
    newer = A.replace(labels=File(path="painted.zarr"))
    assert split_of((Entry(newer),), before) == before.replace(dataset=newer)


def test_another_dataset_keeps_the_normalization_only(root: Path) -> None:
    before = HeldOutSlab(dataset=B, axis="x", fraction=0.5, normalization=RANGE)
    assert split_of((Entry(A),), before, root) == HeldOutSlab(dataset=A, axis="y", normalization=RANGE)


def test_what_trains_besides_leaves_what_is_held_out() -> None:
    before = HeldOutSlab(dataset=A, axis="x", fraction=0.5, normalization=RANGE)
    entries = with_dataset(before.entries, B, trains=True)
    after = split_of(entries, before)
    assert after == before.replace(further=(B,)) and after.entries == (Entry(A), Entry(B))
    assert split_of(without(after.entries, 1), after) == before
    listed = split_of((Entry(A), Entry(B, True)), after)  # told that all of it validates
    assert listed == ListedDatasets(train=(A,), validate=(B,), normalization=RANGE)


def test_several_datasets_are_listed() -> None:
    before = HeldOutSlab(dataset=A, normalization=RANGE)
    entries = (Entry(A), Entry(B, True), Entry(C))
    assert split_of(entries, before) == ListedDatasets(train=(A, C), validate=(B,), normalization=RANGE)


def test_at_least_one_trains() -> None:
    with pytest.raises(UserInputError, match="none of them trains"):
        split_of((Entry(A, True), Entry(B, True)), None)


def test_the_second_dataset_validates_and_later_ones_train() -> None:
    entries = with_dataset(with_dataset(with_dataset((), A), B), C)
    assert entries == (Entry(A), Entry(B, True), Entry(C))


def test_of_many_at_once_every_fifth_validates_unless_one_does_already() -> None:
    many = [dataset(f"{number}") for number in range(8)]
    told = [entry.validates for entry in with_datasets((), many)]
    assert told == [False, True, False, False, False, False, True, False]
    assert not any(entry.validates for entry in with_datasets((Entry(A, True),), many)[1:])


def test_the_title_of_other_raw_data_is_not_taken_again() -> None:
    other = A.replace(raw=File(path="other.zarr"))
    assert with_free_title(other, (Entry(A), Entry(B))).title == "A 2"
    assert with_free_title(A.replace(weight=3), (Entry(A),)).title == "A"  # the same, to be replaced


def test_each_picture_in_a_folder_is_a_dataset_with_the_labels_of_its_name(tmp_path: Path) -> None:
    for name in ("raw/10.png", "raw/9.png", "raw/11.png", "labels/9.tif", "labels/10.tif", "few/10.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folders = Dataset(raw=File(path="raw", unit="um"), labels=File(path="labels"), unlabelled="zero")
    found = pictures(folders, tmp_path)
    assert [each.title for each in found] == ["9", "10"]
    assert found[1] == folders.replace(
        title="10", raw=File(path="raw/10.png", unit="um"), labels=File(path="labels/10.tif")
    )
    with pytest.raises(UserInputError, match="1 of 2 have no mask of the same name"):
        pictures(folders.replace(mask=File(path="few")), tmp_path)
    with pytest.raises(UserInputError, match="it is no folder"):
        pictures(folders.replace(raw=File(path="raw/9.png")), tmp_path)


def test_labels_may_add_a_word_to_the_name_of_their_picture(tmp_path: Path) -> None:
    for name in ("raw/cell1.png", "raw/cell11.png", "labels/cell11-seg.tif", "labels/cell1_masks.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folders = Dataset(raw=File(path="raw"), labels=File(path="labels"))
    pairs = [(each.raw.path, each.labels.path) for each in pictures(folders, tmp_path)]
    assert sorted(pairs) == [
        ("raw/cell1.png", "labels/cell1_masks.tif"),
        ("raw/cell11.png", "labels/cell11-seg.tif"),
    ]
    (tmp_path / "labels" / "cell1.png").touch()
    with pytest.raises(UserInputError, match="cell1 has another one"):
        pictures(folders, tmp_path)


def test_a_dataset_of_a_title_that_is_there_takes_its_place_and_does_the_same() -> None:
    newer = B.replace(weight=3)
    assert with_dataset((Entry(A), Entry(B, True)), newer) == (Entry(A), Entry(newer, True))


def test_when_the_last_that_trains_is_taken_away_the_next_one_trains() -> None:
    assert without((Entry(A), Entry(B, True), Entry(C, True)), 0) == (Entry(B), Entry(C, True))


@pytest.mark.parametrize(
    ("datasplit", "entries"),
    [
        (HeldOutSlab(dataset=A), (Entry(A),)),
        (HeldOutBox(dataset=A, begin=(0.0, 0.0), end=(1.0, 1.0)), (Entry(A),)),
        (ListedDatasets(train=(A, B), validate=(C,)), (Entry(A), Entry(B), Entry(C, True))),
        (FolderDatasets(path="data"), ()),
    ],
)
def test_a_datasplit_tells_its_datasets(datasplit: HeldOutSlab, entries: tuple[Entry, ...]) -> None:
    assert datasplit.entries == entries
