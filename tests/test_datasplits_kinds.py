"""The kinds of datasplit: what trains and what validates."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr
from PIL import Image
from saved import saved

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.renumber import Renumber
from napari_dacapo.datasplits.check import check
from napari_dacapo.datasplits.csv_datasets import CsvDatasets
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError

RAW = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
LABELS = (RAW > 20).astype(np.uint16)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Raw 0..16 nm along each axis; labels half as coarse along y and x."""
    world: dict[str, Any] = {"unit": "nm", "offset": (0.0, 0.0, 0.0)}
    raw = saved(tmp_path, "raw", RAW, voxel_size=(4.0, 4.0, 4.0), **world)
    labels = saved(tmp_path, "labels", LABELS[:, :2, :2], voxel_size=(4.0, 8.0, 8.0), **world)
    return Dataset(title="cube", raw=raw, labels=labels)


# --- listed ---


def test_listed_datasets_train_and_validate(dataset: Dataset, tmp_path: Path) -> None:
    other = dataset.replace(title="other", weight=5)
    split = ListedDatasets(train=(dataset, other), validate=(other,), normalization=FixedRange(high=63.0))
    assert [(d.title, d.weight) for d in split.training(tmp_path)] == [("cube", 1), ("other", 5)]
    (validation,) = split.validation(tmp_path)
    assert validation.title == "other" and validation.raw.read((3, 3, 3), (1, 1, 1)) == 1


def test_validation_is_never_left_out_by_mistake(dataset: Dataset) -> None:
    with pytest.raises(UserInputError, match="validate is missing"):
        ListedDatasets(train=(dataset,))  # type: ignore[call-arg]
    assert ListedDatasets(train=(dataset,), validate=()).validation() == ()


def test_two_validation_datasets_of_one_title_are_refused(dataset: Dataset) -> None:
    with pytest.raises(UserInputError, match="two datasets have the title 'cube'"):
        ListedDatasets(train=(dataset,), validate=(dataset, dataset))


# --- held out ---


def test_a_held_out_box_validates_and_the_rest_trains(dataset: Dataset, tmp_path: Path) -> None:
    split = HeldOutBox(dataset=dataset, begin=(8.0, 0.0, 8.0), end=(16.0, 8.0, 16.0))
    box = Box((8, 0, 8), (16, 8, 16))
    (training,), (validation,) = split.training(tmp_path), split.validation(tmp_path)
    assert (training.region, training.excluded) == (Box((0, 0, 0), (16, 16, 16)), box)
    assert (validation.region, validation.excluded) == (box, None)
    assert not any("trained on" in text for text in check((training,), (validation,)).warnings)


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        # z on voxels of 4, y and x on those of the labels, 8
        ((5.0, 0.0, 7.0), (16.0, 9.0, 16.0), Box((4, 0, 8), (16, 8, 16))),
        ((6.0, 3.9, 0.0), (16.0, 16.0, 12.0), Box((8, 0, 0), (16, 16, 16))),
        ((-1.0, 0.0, 0.0), (7.0, 16.0, 8.0), Box((0, 0, 0), (8, 16, 8))),
    ],
)
def test_row_74_a_box_moves_to_the_borders_of_the_coarser_voxels(
    dataset: Dataset, tmp_path: Path, begin: Any, end: Any, expected: Box
) -> None:
    assert HeldOutBox(dataset=dataset, begin=begin, end=end).training(tmp_path)[0].excluded == expected


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        pytest.param((0.0, 0.0, 0.0), (8.0, 8.0, 32.0), "leaves the data of cube", id="76 beyond the data"),
        pytest.param((0.0, 0.0, 0.0), (16.0, 16.0, 16.0), "nothing to train on", id="76 everything"),
        pytest.param((0.0, 0.0, 0.0), (1.0, 16.0, 16.0), "holds no voxel", id="77 nothing"),
        pytest.param((0.0, 0.0), (8.0, 8.0), "2 numbers, cube has 3 axes", id="axes"),
        pytest.param((8.0, 0.0, 0.0), (8.0, 16.0, 16.0), "not beyond begin", id="74 empty"),
    ],
)
def test_a_box_that_cannot_be_held_out_is_refused(
    dataset: Dataset, tmp_path: Path, begin: Any, end: Any, words: str
) -> None:
    with pytest.raises(UserInputError, match=words):
        HeldOutBox(dataset=dataset, begin=begin, end=end).training(tmp_path)


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        ((), (), "begin"),
        ((0.0, 0.0), (), "end"),
        ((0.0, 0.0), (0.0, 1.0), "end"),
        ((0.0, 0.0), (1.0, 1.0, 1.0), "end"),
        ((0.0,) * 4, (1.0,) * 4, "begin"),
    ],
)
def test_corners_that_make_no_box_are_refused_by_the_name_of_their_field(
    dataset: Dataset, begin: Any, end: Any, field: str
) -> None:
    for record in (Crop, partial(HeldOutBox, dataset=dataset)):
        with pytest.raises(UserInputError) as caught:
            record(begin=begin, end=end)
        assert caught.value.field == field


@pytest.mark.parametrize(
    ("axis", "fraction", "side", "expected"),
    [
        ("z", 0.25, "end", Box((12, 0, 0), (16, 16, 16))),
        ("z", 0.25, "start", Box((0, 0, 0), (4, 16, 16))),
        ("x", 0.5, "end", Box((0, 0, 8), (16, 16, 16))),
        ("y", 0.4, "start", Box((0, 0, 0), (16, 8, 16))),  # 6.4 nm, the border at 8 is nearest
    ],
)
def test_a_slab_is_cut_off_one_side(
    dataset: Dataset, tmp_path: Path, axis: Any, fraction: float, side: Any, expected: Box
) -> None:
    split = HeldOutSlab(dataset=dataset, axis=axis, fraction=fraction, side=side)
    assert split.training(tmp_path)[0].excluded == expected
    assert split.validation(tmp_path)[0].region == expected


def test_a_slab_that_cannot_be_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"fraction is 0.05: the box holds no voxel"):
        HeldOutSlab(dataset=dataset, fraction=0.05).validation(tmp_path)
    flat = Dataset(raw=saved(tmp_path, "flat", RAW[0]), labels=saved(tmp_path, "ids", LABELS[0]))
    with pytest.raises(UserInputError, match=r"axis is 'z'.*Choose one of y, x"):
        HeldOutSlab(dataset=flat, axis="z").training(tmp_path)


def test_further_datasets_train_without_what_validates_of_the_same_raw(
    dataset: Dataset, tmp_path: Path
) -> None:
    """A corrected part of the same image, and another image."""
    left = {"voxel_size": (4.0, 8.0, 8.0), "unit": "nm", "offset": (8.0, 0.0, 0.0)}
    half = dataset.replace(title="half", labels=saved(tmp_path, "half", LABELS[2:, :2, :2], **left))
    raw = saved(tmp_path, "other", RAW, voxel_size=(4.0, 4.0, 4.0), unit="nm", offset=(0.0,) * 3)
    split = HeldOutSlab(
        dataset=dataset, further=(half, dataset.replace(title="other", raw=raw)), fraction=0.25
    )
    slab = Box((12, 0, 0), (16, 16, 16))
    assert [(each.title, each.excluded) for each in split.training(tmp_path)] == [
        ("cube", slab),
        ("half", slab),
        ("other", None),
    ]
    assert [each.title for each in split.validation(tmp_path)] == ["cube"]
    with pytest.raises(UserInputError, match="further is 'half': all of it lies in what validates"):
        split.replace(fraction=0.5).training(tmp_path)


# --- folders ---


def arrays(place: str, factor: int = 1) -> dict[str, np.ndarray]:
    return {f"{place}/raw": RAW * factor, f"{place}/labels": LABELS, f"{place}/mask": LABELS}


def write_zarr(path: Path, contents: dict[str, np.ndarray], zarr_format: Any) -> None:
    root = zarr.create_group(path, zarr_format=zarr_format)
    for name, data in contents.items():
        root.create_array(name, data=data).attrs.update({"voxel_size": [8, 4, 4], "offset": [16, 0, 0]})


def write_hdf5(path: Path, contents: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, data in contents.items():
            file.create_dataset(name, data=data).attrs.update({"voxel_size": [8, 4, 4], "offset": [16, 0, 0]})


def write_n5(path: Path, contents: dict[str, np.ndarray]) -> None:
    """Uncompressed blocks, one an array, x first as N5 has it."""
    for name, data in contents.items():
        shape = list(data.shape[::-1])
        metadata = {
            "dimensions": shape,
            "blockSize": shape,
            "dataType": str(data.dtype),
            "compression": {"type": "raw"},
        }
        (path / name / "0" / "0").mkdir(parents=True)
        (path / "attributes.json").write_text('{"n5": "2.0.0"}')
        (path / name / "attributes.json").write_text(json.dumps(metadata | {"resolution": [4, 4, 8]}))
        header = np.array([0, 3], ">u2").tobytes() + np.array(shape, ">u4").tobytes()
        (path / name / "0" / "0" / "0").write_bytes(
            header + data.astype(data.dtype.newbyteorder(">")).tobytes()
        )


@pytest.mark.parametrize("kind", ["zarr 2", "zarr 3", "hdf5", "n5"])
@pytest.mark.parametrize("crops", [("",), ("/crop10", "/crop9")])
def test_a_container_with_groups_gives_its_datasets(
    tmp_path: Path, kind: str, crops: tuple[str, ...]
) -> None:
    contents: dict[str, np.ndarray] = {}
    for crop in crops:
        contents |= arrays(f"train{crop}") | arrays(f"test{crop}", 2)
    if kind == "hdf5":
        write_hdf5(tmp_path / "data", contents)
    elif kind == "n5":
        write_n5(tmp_path / "data", contents)
    else:
        write_zarr(tmp_path / "data", contents, int(kind[-1]))
    split = FolderDatasets(path="data", normalization=FixedRange(high=128.0))
    titles = [d.title for d in split.training(tmp_path)]
    assert titles == (["train"] if crops == ("",) else ["crop9", "crop10"])
    validation = split.validation(tmp_path)[0]
    assert validation.raw.read((3, 3, 3), (1, 1, 1)) == 126 / 128
    assert validation.labels.read((3, 3, 3), (1, 1, 1)) == 1
    assert validation.known is not None and not validation.known.read((0, 0, 0), (1, 1, 1)).any()
    assert validation.raw.unit == "nm"


def write_images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for i, name in enumerate(names):
        Image.fromarray(np.full((4, 5), i, np.uint8)).save(folder / name)


def test_images_belong_together_by_name(tmp_path: Path) -> None:
    write_images(tmp_path / "train" / "raw", ["9.png", "10.png", "unlabelled.png"])
    write_images(tmp_path / "train" / "labels", ["10.png", "9.png"])
    split = FolderDatasets(path=".", validation_group=None, voxel_size=(0.5, 0.5), unit="um")
    datasets = split.training(tmp_path)
    assert [d.title for d in datasets] == ["9", "10"]
    assert [int(d.labels.read((0, 0), (1, 1)).item()) for d in datasets] == [1, 0]
    assert (datasets[0].raw.voxel_size, datasets[0].raw.unit) == ((500.0, 500.0), "nm")
    assert split.validation(tmp_path) == ()


def test_images_of_one_name_in_two_folders_have_titles_of_their_own(tmp_path: Path) -> None:
    for animal in ("mice", "rats"):
        for part in ("raw", "labels"):
            write_images(tmp_path / "train" / animal / part, ["1.png", f"{animal}.png"])
    datasets = FolderDatasets(path=".", validation_group=None).training(tmp_path)
    assert [dataset.title for dataset in datasets] == ["mice 1", "mice", "rats 1", "rats"]


def test_images_may_be_the_slices_of_one_volume(tmp_path: Path) -> None:
    for name in ("raw", "labels"):
        write_images(tmp_path / "data" / "train" / name, [f"{i}.png" for i in range(11)])
    split = FolderDatasets(
        path="data", images="slices", normalization=FixedRange(high=1.0), validation_group=None
    )
    (dataset,) = split.training(tmp_path)
    assert dataset.title == "train" and dataset.labels.shape == (11, 4, 5)
    assert dataset.labels.read((0, 0, 0), (11, 1, 1)).ravel().tolist() == list(range(11))


def test_single_files_are_found_by_name_without_suffix(tmp_path: Path) -> None:
    for group in ("train", "test"):
        (tmp_path / group).mkdir()
        for name, data in (("raw", RAW), ("cells", LABELS)):
            np.save(tmp_path / group / f"{name}.npy", data)
    split = FolderDatasets(path=".", labels="cells")
    assert [d.title for d in (*split.training(tmp_path), *split.validation(tmp_path))] == ["train", "test"]


@pytest.mark.parametrize(
    ("raw", "labels", "mask", "words"),
    [
        (["a.png"], ["a.png", "b.png"], [], "1 of 2 have no raw of the same name"),
        (["a.png", "b.png"], ["a.png", "b.png"], ["b.png"], "1 of 2 have no mask of the same name"),
    ],
)
def test_images_without_their_partner_are_named(
    tmp_path: Path, raw: list[str], labels: list[str], mask: list[str], words: str
) -> None:
    for name, files in (("raw", raw), ("labels", labels), ("mask", mask)):
        if files:
            write_images(tmp_path / "train" / name, files)
    with pytest.raises(UserInputError, match=words):
        FolderDatasets(path=".").training(tmp_path)


def test_a_group_without_data_is_refused_with_what_there_is(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "data.h5", arrays("train"))
    with pytest.raises(UserInputError, match=r"validation_group is 'test'.*it holds: train"):
        FolderDatasets(path="data.h5").validation(tmp_path)


def test_a_path_that_is_no_container_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", RAW)
    for path, words in (("one.npy", "one image"), ("gone", "no such file")):
        with pytest.raises(UserInputError, match=words):
            FolderDatasets(path=path).training(tmp_path)


def test_every_kind_comes_back_from_json(dataset: Dataset) -> None:
    splits: list[DataSplit] = [
        ListedDatasets(train=(dataset,), validate=(dataset,), normalization=FixedRange(low=1.0)),
        CsvDatasets(path="volumes.csv"),
        FolderDatasets(path="data", validation_group=None),
        HeldOutBox(dataset=dataset, begin=(0.0, 0.0, 0.0), end=(1.0, 2.0, 3.0)),
        HeldOutSlab(dataset=dataset),
    ]
    assert sorted(type(split).__name__ for split in splits) == list(DataSplit.kinds())
    for split in splits:
        assert DataSplit.from_json(json.loads(json.dumps(split.to_json()))) == split


# --- ids that become 1, 2, 3 ---


def test_the_labels_of_every_dataset_are_renumbered(dataset: Dataset) -> None:
    step = Renumber(ids=(4,))
    box = HeldOutBox(dataset=dataset, begin=(0.0, 0.0, 0.0), end=(4.0, 4.0, 4.0))
    listed = ListedDatasets(train=(dataset,), validate=(dataset.replace(title="other"),))
    for split in (HeldOutSlab(dataset=dataset), box):
        assert split.renumbered((4,)).dataset.labels.steps == (step,)
    changed = listed.renumbered((4,))
    assert [each.labels.steps for each in (*changed.train, *changed.validate)] == [(step,), (step,)]


def test_where_0_is_unknown_ids_are_renumbered_as_they_are_seen(tmp_path: Path) -> None:
    painted = np.array([[0, 1, 4], [6, 6, 0]], np.uint8)  # unknown, background, and the ids 3 and 5
    labels = saved(tmp_path, "labels", painted, voxel_size=(1.0, 1.0), offset=(0.0, 0.0), unit="nm")
    dataset = Dataset(raw=labels, labels=labels, unlabelled="zero").renumbered((3, 5))
    opened = dataset.open(tmp_path, FixedRange())
    assert opened.labels.read((0, 0), (2, 3)).tolist() == [[0, 0, 1], [2, 2, 0]]
    assert opened.known is not None
    assert opened.known.read((0, 0), (2, 3)).tolist() == [[False, True, True], [True, True, False]]


def test_a_kind_whose_labels_take_no_steps_says_what_to_use_instead() -> None:
    with pytest.raises(UserInputError, match="Use listed datasets, and add Renumber"):
        FolderDatasets(path="nuclei").renumbered((1,))
