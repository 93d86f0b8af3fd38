"""Datasets in a table: the level that fits is read, classes become channels or ids."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_dacapo.arrays.coarsest_level import at_voxel_size
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.csv_datasets import CsvDatasets
from napari_dacapo.datasplits.csv_rows import rows_of
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.errors import UserInputError

WORLD: dict[str, Any] = {"axes": "yx", "offset": (0.0, 0.0), "unit": "nm"}
RAW = np.arange(160 * 160).reshape(160, 160).astype(np.float32)
MITO = np.zeros((80, 80), np.uint8)
MITO[10:20, 10:20] = 7
ER = np.zeros((80, 80), np.uint8)
ER[15:30, 15:30] = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Raw of 4 nm with levels of 8 and 16 nm besides; labels of 8 nm."""
    write_ome_zarr(tmp_path / "raw.zarr", RAW, voxel_size=(4.0, 4.0), coarser="mean", **WORLD)
    for name, labels in (("mito", MITO), ("er", ER)):
        write_ome_zarr(tmp_path / "truth.zarr" / name, labels, voxel_size=(8.0, 8.0), **WORLD)
    return tmp_path


def table(folder: Path, text: str, **fields: Any) -> CsvDatasets:
    (folder / "data.csv").write_text(text)
    return CsvDatasets(path="data.csv", normalization=FixedRange(low=0.0, high=1.0), **fields)


def whole(array: Any) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def test_rows_are_read_as_dacapo_writes_them(tmp_path) -> None:
    (tmp_path / "data.csv").write_text(
        "use, raw, array, labels, array\n"
        "train, a.n5, em/s0, b.n5, labels/[mito&er]/s0\n"
        "\n"
        "# val, left out\n"
        'VAL,"with, comma.zarr",,b.n5,labels/mito,c.n5,known\n'
    )
    first, second = rows_of(tmp_path / "data.csv")
    assert (first.number, first.validates, first.raw, first.classes) == (
        2,
        False,
        ("a.n5", "em/s0"),
        ("mito", "er"),
    )
    assert first.labels == (("b.n5", "labels/mito/s0"), ("b.n5", "labels/er/s0"))
    assert (second.number, second.validates, second.mask) == (5, True, ("c.n5", "known"))
    assert (second.raw, second.classes) == (("with, comma.zarr", ""), ("mito",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train, a, b, c, d\ntest, a, b, c, d", "line 2 of data.csv begins with neither train nor val"),
        ("train, raw.zarr, em", "line 1 of data.csv has 3 columns"),
        ("val, raw.zarr, , truth.zarr, mito", "no row of it trains"),
        ("train, raw.zarr, , nowhere.zarr, ", "nowhere.*line 1 of data.csv: there is no such file"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(folder, text, message) -> None:
    with pytest.raises(UserInputError, match=message):
        table(folder, text).training(folder)


ROW = "train, raw.zarr, , truth.zarr, mito\n"


# levels of 4, 8 and 16 nm: 160, 80 and 40 voxels; 12 nm is made of the level of 8
@pytest.mark.parametrize(
    ("wanted", "shape", "first"),
    [
        (4.0, 160, 0.0),
        (8.0, 80, (0 + 1 + 160 + 161) / 4),
        (16.0, 40, np.mean([[160 * y + x for x in range(4)] for y in range(4)])),
        (2.0, 320, 0.0),
    ],
)
def test_raw_is_read_at_the_level_that_fits(folder, wanted, shape, first) -> None:
    datasplit = table(folder, ROW, raw_voxel_size=(wanted, wanted))
    (dataset,) = datasplit.training(folder)
    plain = whole(dataset.plain_raw)
    assert (dataset.raw.voxel_size, plain.shape) == ((wanted, wanted), (shape, shape))
    assert plain[0, 0] == pytest.approx(first)


def test_of_levels_the_coarsest_that_is_fine_enough_is_resampled(folder) -> None:
    source = at_voxel_size(File(path="raw.zarr"), (12.0, 12.0), "linear", 2.0, folder)
    assert (source.level, [step.voxel_size for step in source.steps]) == (1, [(12.0, 12.0)])
    assert source.open(folder).spatial_shape == (53, 53)


def test_data_that_would_have_to_be_made_much_finer_are_refused(folder) -> None:
    datasplit = table(folder, ROW, raw_voxel_size=(1.0, 4.0), most_finer=2.0)
    with pytest.raises(UserInputError, match=r"line 1 .*voxels of \(4.0, 4.0\), 4 times coarser"):
        datasplit.training(folder)


def test_classes_become_channels_or_ids_and_those_a_row_lacks_are_unknown(folder) -> None:
    text = "train, raw.zarr, , truth.zarr, [mito&er]\nval, raw.zarr, , truth.zarr, er\n"
    datasplit = table(folder, text, labels="channels")
    (trains,), (validates,) = datasplit.training(folder), datasplit.validation(folder)
    np.testing.assert_array_equal(whole(trains.labels), [MITO > 0, ER > 0])
    np.testing.assert_array_equal(whole(validates.labels), [0 * MITO, ER > 0])
    assert (trains.annotated, validates.annotated) == ((), ("er",))
    (ids,) = datasplit.replace(labels="ids").training(folder)
    np.testing.assert_array_equal(whole(ids.labels), np.where(ER > 0, 2, MITO > 0))
    (other,) = datasplit.replace(labels="ids", classes=("er",)).training(folder)
    np.testing.assert_array_equal(whole(other.labels), ER > 0)
    with pytest.raises(UserInputError, match="there are only mito, er"):
        datasplit.replace(classes=("nucleus",)).training(folder)


def test_large_labels_validate_in_their_middle_only(folder) -> None:
    datasplit = table(folder, ROW + ROW.replace("train", "val"), most_validation_voxels=20)
    (trains,), (validates,) = datasplit.training(folder), datasplit.validation(folder)
    assert (trains.region.size, validates.region.begin, validates.region.end) == (
        (640.0, 640.0),
        (240.0, 240.0),
        (400.0, 400.0),
    )


def test_a_folder_may_hold_raw_and_labels_of_several_resolutions(folder) -> None:
    for group in ("train", "test"):
        write_ome_zarr(folder / group / "raw.zarr", RAW, voxel_size=(4.0, 4.0), coarser="mean", **WORLD)
        write_ome_zarr(folder / group / "labels.zarr", MITO, voxel_size=(8.0, 8.0), coarser="stride", **WORLD)
    (dataset,) = FolderDatasets(path=".").training(folder)
    assert (dataset.raw.voxel_size, dataset.labels.voxel_size) == ((4.0, 4.0), (8.0, 8.0))
