"""Writing OME-Zarr: valid metadata, checksums, nothing overwritten, read back as written."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import ome_zarr_models.v04
import ome_zarr_models.v05
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import (
    create_ome_zarr,
    delete_own,
    open_own,
    own_attributes,
    write_ome_zarr,
)
from napari_dacapo.arrays.pyramid import halved
from napari_dacapo.errors import DiskFullError, UserInputError

WORLD: dict[str, Any] = {
    "axes": "zyx",
    "voxel_size": (40.0, 4.0, 4.0),
    "offset": (80.0, 8.0, 0.0),
    "unit": "nm",
}
DATA = np.arange(6 * 9 * 11, dtype=np.uint16).reshape(6, 9, 11)


def whole(file: File, folder: Path) -> np.ndarray:
    array = file.open(folder)
    return array.read((0,) * array.dims, array.spatial_shape)


def create(path: Path, **changes: Any) -> zarr.Array[Any]:
    fields = WORLD | {"shape": (8, 8, 8), "dtype": np.uint8, "chunks": (4, 4, 4)} | changes
    return create_ome_zarr(path, **fields)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("axes", "shape", "unit"),
    [
        ("zyx", (6, 9, 11), "nm"),
        ("yx", (9, 11), "voxel"),
        ("czyx", (2, 6, 9, 11), "nm"),
        ("cyx", (3, 9, 11), "nm"),
    ],
)
def test_what_is_written_is_read_back(version: Any, axes: str, shape: Any, unit: Any, tmp_path: Path) -> None:
    data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    dims = len(axes.removeprefix("c"))
    names = tuple(f"channel {i}" for i in range(shape[0])) if axes[0] == "c" else ()
    world = {"voxel_size": (40.0, 4.1, 4.1)[-dims:], "offset": (-80.0, 8.5, 0.0)[-dims:], "unit": unit}
    write_ome_zarr(tmp_path / "a.zarr", data, axes=axes, ome_version=version, channel_names=names, **world)
    array = File(path="a.zarr").open(tmp_path)
    assert (array.axes, array.shape, array.channel_names) == (axes, shape, names)
    assert {"voxel_size": array.voxel_size, "offset": array.offset, "unit": array.unit} == world
    np.testing.assert_array_equal(whole(File(path="a.zarr"), tmp_path), data)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_metadata_is_valid_by_an_independent_model(version: Any, tmp_path: Path) -> None:
    data = np.zeros((2, 4, 300, 280), np.uint8)
    write_ome_zarr(
        tmp_path / "a.zarr",
        data,
        **WORLD | {"axes": "czyx"},
        coarser="mean",
        ome_version=version,
        channel_names=("membrane", "nuclei"),
    )
    model = ome_zarr_models.v04 if version == "0.4" else ome_zarr_models.v05
    image = model.Image.from_zarr(zarr.open_group(str(tmp_path / "a.zarr"), mode="r"))
    attributes = image.attributes if version == "0.4" else image.ome_attributes
    assert [dataset.path for dataset in attributes.multiscales[0].datasets] == ["0", "1", "2"]
    assert [axis.unit for axis in attributes.multiscales[0].axes] == [None, *["nanometer"] * 3]


def test_every_level_covers_the_same_place(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", np.zeros((20, 300, 256), np.uint8), **WORLD, coarser="mean")
    levels = [File(path="a.zarr", level=level).open(tmp_path) for level in range(3)]
    assert [level.shape for level in levels] == [(20, 300, 256), (20, 150, 128), (20, 75, 128)]
    assert [level.voxel_size for level in levels] == [(40, 4, 4), (40, 8, 8), (40, 16, 8)]
    assert {level.offset for level in levels} == {(80, 8, 0)}


def test_translations_of_coarser_levels_move_with_the_centres_of_their_voxels(tmp_path: Path) -> None:
    # offset 8, voxels of 4, 8, 16 nm: centres of the first voxels at 10, 12, 16, so 0, 2 and 6 apart
    write_ome_zarr(tmp_path / "a.zarr", np.zeros((20, 300, 256), np.uint8), **WORLD, coarser="mean")
    (image,) = zarr.open_group(str(tmp_path / "a.zarr"), mode="r").attrs["ome"]["multiscales"]
    stored = [level["coordinateTransformations"][1]["translation"] for level in image["datasets"]]
    assert stored == [[80, 8, 0], [80, 10, 2], [80, 14, 2]]


def test_the_mean_of_pairs_and_every_second_voxel() -> None:
    row = np.zeros((1, 130), np.uint8)
    row[0, :4], row[0, -2:] = [1, 3, 10, 15], [7, 9]
    mean, stride = (halved(row, 2, method) for method in ("mean", "stride"))
    assert mean.shape == stride.shape == (1, 65) and mean.dtype == row.dtype
    assert mean[0, [0, 1, -1]].tolist() == [2, 12, 8]  # 12.5 to even
    assert stride[0, [0, 1, -1]].tolist() == [1, 10, 7]


def test_an_odd_last_voxel_stands_for_itself() -> None:
    assert halved(np.arange(129.0)[None], 2, "mean")[0, -2:].tolist() == [126.5, 128.0]


def test_coarser_labels_keep_ids_exact() -> None:
    ids = np.full((1, 200), 2**63 + 5, np.uint64)
    assert set(halved(ids, 2, "stride").ravel().tolist()) == {2**63 + 5}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_flipped_bit_is_never_read(version: Any, tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", DATA, **WORLD, ome_version=version)
    (chunk,) = (p for p in (tmp_path / "a.zarr/0").rglob("*") if p.is_file() and p.name == "0")
    good = chunk.read_bytes()
    for place in np.random.default_rng(0).integers(0, 8 * len(good), 20):
        flipped = bytearray(good)
        flipped[place // 8] ^= 1 << (place % 8)
        chunk.write_bytes(flipped)
        try:
            np.testing.assert_array_equal(whole(File(path="a.zarr"), tmp_path), DATA)  # a bit without meaning
        except UserInputError as error:
            assert "chunk (0, 0, 0)" in str(error)


def test_chunks_of_zeros_are_written(tmp_path: Path) -> None:
    create(tmp_path / "a.zarr")[:4] = 0
    assert File(path="a.zarr").missing_chunks(tmp_path) == 4
    open_own(tmp_path / "a.zarr")[4:] = 0
    assert File(path="a.zarr").missing_chunks(tmp_path) == 0


def test_blocks_may_be_shards(tmp_path: Path) -> None:
    array = create(tmp_path / "a.zarr", shards=(8, 4, 8))
    array[:] = 7
    assert (array.chunks, array.shards) == ((4, 4, 4), (8, 4, 8))
    assert len([p for p in (tmp_path / "a.zarr/0/c").rglob("*") if p.is_file()]) == 2
    assert (whole(File(path="a.zarr"), tmp_path) == 7).all()


def test_own_attributes_come_back(tmp_path: Path) -> None:
    for version in ("0.4", "0.5"):
        create(tmp_path / version, ome_version=version, attributes={"run": "u-net", "iteration": 500})
        assert own_attributes(tmp_path / version) == {"run": "u-net", "iteration": 500}
    zarr.create_group(str(tmp_path / "foreign"))
    assert own_attributes(tmp_path / "foreign") is None
    assert own_attributes(tmp_path / "nothing") is None


def foreign(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("years of work")


def linked(path: Path) -> None:
    foreign(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    "prepare",
    [foreign, linked, lambda p: zarr.create_group(str(p)), lambda p: p.write_text("x"), create, Path.mkdir],
    ids=["folder", "link", "zarr", "file", "own", "empty folder"],
)
def test_nothing_is_written_over(prepare: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    prepare(path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    for write in (lambda: write_ome_zarr(path, DATA, **WORLD), lambda: create(path)):
        with pytest.raises(UserInputError, match="Choose another name"):
            write()
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("prepare", [foreign, linked, lambda p: zarr.create_group(str(p))])
def test_only_own_images_are_deleted(prepare: Any, tmp_path: Path) -> None:
    prepare(tmp_path / "a.zarr")
    for act in (delete_own, open_own):
        with pytest.raises(UserInputError, match="not written by"):
            act(tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr").exists()
    create(tmp_path / "own.zarr")
    delete_own(tmp_path / "own.zarr")
    assert not (tmp_path / "own.zarr").exists()


def test_a_link_to_an_own_image_is_not_deleted(tmp_path: Path) -> None:
    create(tmp_path / "own.zarr")
    (tmp_path / "a.zarr").symlink_to(tmp_path / "own.zarr")
    with pytest.raises(UserInputError):
        delete_own(tmp_path / "a.zarr")
    assert own_attributes(tmp_path / "own.zarr") == {}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_nothing(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(zarr.Array, "__setitem__", fail)
    with pytest.raises(DiskFullError if code == errno.ENOSPC else OSError) as caught:
        write_ome_zarr(tmp_path / "a.zarr", DATA, **WORLD)
    assert os.listdir(tmp_path) == []
    if code == errno.ENOSPC:
        assert isinstance(caught.value, DiskFullError)
        assert caught.value.needed == DATA.nbytes


def test_chunks_may_be_chosen_and_shorten_with_their_level(tmp_path: Path) -> None:
    data = np.zeros((6, 200, 9), np.uint8)
    write_ome_zarr(tmp_path / "a.zarr", data, **WORLD, chunks=(4, 150, 5), coarser="stride")
    assert [open_own(tmp_path / "a.zarr", level).chunks for level in (0, 1)] == [(4, 150, 5), (4, 100, 5)]
    with pytest.raises(UserInputError, match="chunks"):
        write_ome_zarr(tmp_path / "b.zarr", data, **WORLD, chunks=(4, 4))


def unfinished(folder: Path, hours: float, name: str = ".napari-dacapo-1-ab") -> Path:
    """An image nobody has written in for so long."""
    (folder / name / "0/c").mkdir(parents=True)
    (folder / name / "0/c/0").write_bytes(b"x")
    for each in (folder / name, *(folder / name).rglob("*")):
        os.utime(each, (time.time() - 3600 * hours,) * 2)
    return folder / name


def test_row_134_an_image_a_crash_left_is_deleted_by_a_later_write(tmp_path: Path) -> None:
    old, recent = unfinished(tmp_path, 1.1), unfinished(tmp_path, 0.9, ".napari-dacapo-2-cd")
    foreign = unfinished(tmp_path, 99, ".other-1-ab")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (link := tmp_path / ".napari-dacapo-3-ef").symlink_to(unfinished(elsewhere, 99))
    write_ome_zarr(tmp_path / "a.zarr", DATA, **WORLD)
    assert [p.exists() for p in (old, recent, foreign, link)] == [False, True, True, True]


def test_row_134_an_image_still_being_written_is_kept_however_old_its_folder(tmp_path: Path) -> None:
    folder = unfinished(tmp_path, 5)
    os.utime(folder / "0/c/0")
    write_ome_zarr(tmp_path / "a.zarr", DATA, **WORLD)
    assert (folder / "0/c/0").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"axes": "xyz"}, "axes"),
        ({"axes": "yx"}, "axes"),
        ({"voxel_size": (1.0, 1.0)}, "voxel_size"),
        ({"voxel_size": (1.0, 0.0, 1.0)}, "voxel_size"),
        ({"offset": (0.0, float("nan"), 0.0)}, "offset"),
        ({"channel_names": ("a",)}, "channel_names"),
        ({"chunks": (4, 4)}, "chunks"),
        ({"chunks": (0, 4, 4)}, "chunks"),
        ({"shards": (6, 8, 8)}, "shards"),
        ({"shards": (8, 8, 8), "ome_version": "0.4"}, "shards"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], field: str, tmp_path: Path) -> None:
    with pytest.raises(UserInputError) as caught:
        create(tmp_path / "a.zarr", **changes)
    assert caught.value.field == field and caught.value.fix
    assert os.listdir(tmp_path) == []


sizes = st.floats(1e-3, 1e6)


@settings(max_examples=20, deadline=None)
@given(st.tuples(sizes, sizes), st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
def test_any_voxel_size_and_offset_come_back(
    tmp_path_factory: pytest.TempPathFactory, voxel_size: tuple[float, float], offset: tuple[float, float]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    world: dict[str, Any] = {"axes": "yx", "voxel_size": voxel_size, "offset": offset, "unit": "nm"}
    write_ome_zarr(folder / "a.zarr", np.zeros((2, 2), np.uint8), **world)
    array = File(path="a.zarr").open(folder)
    assert array.voxel_size == pytest.approx(voxel_size, rel=1e-11)
    assert array.offset == pytest.approx(offset, rel=1e-11, abs=1e-9)
