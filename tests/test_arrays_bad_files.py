"""What cannot be opened or read, by the row of the table of bad input it belongs to."""

import gc
import gzip
import json
import os
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from containers import FORMATS, ome_zarr, volume, zarr_with
from PIL import Image

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.formats import zarr_folder
from napari_dacapo.errors import UserInputError

Prepare = Callable[[Path], None]


def plain(zarr_format: int = 3, dtype: Any = np.uint8, **attributes: Any) -> Prepare:
    return lambda folder: (
        zarr_with(folder / "a.zarr", volume().astype(dtype), zarr_format, **attributes) and None
    )


def with_metadata(change: Callable[[dict[str, Any]], object], zarr_format: int = 3) -> Prepare:
    """A good array whose metadata is changed afterwards."""

    def prepare(folder: Path) -> None:
        plain(zarr_format)(folder)
        file = folder / "a.zarr" / ("zarr.json" if zarr_format == 3 else ".zarray")
        metadata = json.loads(file.read_text())
        change(metadata)
        file.write_text(json.dumps(metadata))

    return prepare


def with_text(text: str) -> Prepare:
    def prepare(folder: Path) -> None:
        plain()(folder)
        (folder / "a.zarr/zarr.json").write_text(text)

    return prepare


def chunk_shape(*shape: Any) -> Prepare:
    return with_metadata(lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=list(shape)))


def containing(**files: bytes) -> Prepare:
    """Files by name; a double underscore stands for the dot."""
    return lambda folder: [(folder / n.replace("__", ".")).write_bytes(d) for n, d in files.items()] and None


def two_arrays(folder: Path) -> None:
    for name in ("raw", "labels"):
        zarr_with(folder / "a.zarr" / name, volume())
    zarr.open_group(str(folder / "a.zarr"), mode="a")


def hdf5(folder: Path) -> None:
    with h5py.File(folder / "a.h5", "w") as file:
        file["raw"], file["labels"], file["title"] = volume(), volume(), "text"


def zipped_hdf5(folder: Path) -> None:
    hdf5(folder)
    (folder / "a.h5.gz").write_bytes(gzip.compress((folder / "a.h5").read_bytes()))


def truncated_hdf5(folder: Path) -> None:
    hdf5(folder)
    os.truncate(folder / "a.h5", 700)


def zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("zarr.json", "{}")


def numpy(data: Any) -> Prepare:
    return lambda folder: np.save(folder / "a.npy", data, allow_pickle=True)


def slices(*names: str) -> Prepare:
    def prepare(folder: Path) -> None:
        for name in names:
            size = (5, 7) if "odd" in str(folder) or "9" in name else (5, 6)
            Image.fromarray(np.zeros(size, np.uint8)).save(folder / name)

    return prepare


def palette(folder: Path) -> None:
    Image.fromarray(volume(np.uint8, (5, 6))).convert("P").save(folder / "a.png")


def colours_of_16_bits(folder: Path) -> None:
    Image.fromarray(np.zeros((5, 6, 3), np.uint8)).save(folder / "a.png")
    data = bytearray((folder / "a.png").read_bytes())
    data[24] = 16  # bits
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (folder / "a.png").write_bytes(data)


def four_inks(folder: Path) -> None:
    Image.new("CMYK", (5, 6)).save(folder / "a.jpg")


def stack_as_slice(folder: Path) -> None:
    tifffile.imwrite(folder / "1.tif", np.zeros((9, 5, 6), np.uint8), metadata=None)


def ome_transform(kind: str) -> Prepare:
    def prepare(folder: Path) -> None:
        top = [{"type": kind, kind: []}]
        level = {"path": "0", "scale": [1, 1, 1]}
        path = ome_zarr(folder, "0.5", volume(), "zyx", [level], coordinateTransformations=top)
        os.rename(path, folder / "a.zarr")

    return prepare


def odd_tiff(folder: Path) -> None:
    tifffile.imwrite(folder / "a.tif", volume(), compression="zlib", metadata=None)
    data = (folder / "a.tif").read_bytes()
    entry = (259).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    code = data[data.index(entry) + 8 :][:2]
    (folder / "a.tif").write_bytes(data.replace(entry + code, entry + (34713).to_bytes(2, "little")))


def truncated_tiff(folder: Path) -> None:
    tifffile.imwrite(folder / "a.tif", np.zeros((9, 50, 60), np.uint16), metadata={"axes": "ZYX"})
    os.truncate(folder / "a.tif", 5000)


def conflicting(folder: Path) -> None:
    plain(voxel_size=[8, 8, 8], resolution=[4, 4, 4])(folder)


def ome_with(scale: Any, units: str = "micrometer") -> Prepare:
    def prepare(folder: Path) -> None:
        path = ome_zarr(folder, "0.4", volume(), "zyx", [{"path": "0", "scale": scale}])
        text = (path / ".zattrs").read_text().replace("micrometer", units)
        (path / ".zattrs").write_text(text)
        os.rename(path, folder / "a.zarr")

    return prepare


def ome_level(name: Any) -> Prepare:
    def prepare(folder: Path) -> None:
        path = ome_zarr(folder, "0.4", volume(), "zyx", [{"path": "0", "scale": [1, 1, 1]}])
        attributes = json.loads((path / ".zattrs").read_text())
        attributes["multiscales"][0]["datasets"][0]["path"] = name
        (path / ".zattrs").write_text(json.dumps(attributes))
        os.rename(path, folder / "a.zarr")

    return prepare


def n5(**changes: Any) -> Prepare:
    def prepare(folder: Path) -> None:
        FORMATS["N5 raw"](folder)
        file = folder / "a.n5/raw/attributes.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return prepare


def codec(name: str) -> Prepare:
    return with_metadata(lambda m: m.update(codecs=[{"name": "bytes"}, {"name": name}]))


def v2_codec(**fields: Any) -> Prepare:
    return with_metadata(lambda m: m.update(fields), 2)


A = {"path": "a.zarr"}
HUGE = [2**20, 2**20, 2**20]
CASES: list[tuple[str, Prepare, dict[str, Any], str, str]] = [
    # row, what is there, File, field, words of the message
    ("37", numpy(np.zeros((5, 6), complex)), {"path": "a.npy"}, "path", "complex128"),
    ("38 objects", numpy(np.array([[{}, 1]], object)), {"path": "a.npy"}, "path", "objects"),
    ("38 texts", numpy(np.array([["a", "b"]])), {"path": "a.npy"}, "path", "values are <U1"),
    ("47", numpy(np.zeros((0, 4, 4))), {"path": "a.npy"}, "path", "empty.*(0, 4, 4)"),
    ("48 1-D", numpy(np.zeros(4)), {"path": "a.npy"}, "path", "shape is (4,).*2 to 5 axes"),
    ("48 0-D", numpy(np.zeros(())), {"path": "a.npy"}, "path", "shape is ().*2 to 5 axes"),
    ("48 6-D", numpy(np.zeros((2,) * 6)), {"path": "a.npy"}, "path", "2 to 5 axes"),
    ("54", numpy(np.zeros((3, 4, 5, 6))), {"path": "a.npy"}, "axes", "lengths (3, 4, 5, 6).*czyx"),
    ("54 too few", plain(), A | {"axes": "yx"}, "axes", "3 axes.*one letter per axis"),
    ("57 NaN", plain(voxel_size=[float("nan"), 4, 4]), A, "path", "NaN"),
    ("57 zero", ome_with([0, 1, 1]), A, "voxel_size", "multiscales metadata.*above 0.*Set voxel_size"),
    ("57 negative", plain(resolution=[-4, 4, 4]), A, "voxel_size", "attribute resolution"),
    ("57 text", plain(resolution="4 nm"), A, "voxel_size", "attribute resolution"),
    ("57 too few", plain(voxel_size=[4]), A | {"axes": "zyx"}, "voxel_size", "attribute voxel_size"),
    ("57 given too few", plain(), A | {"voxel_size": (4.0, 4.0)}, "voxel_size", "2 numbers.*Give 3.*zyx"),
    ("57 offset", plain(voxel_size=[4, 4, 4], offset=["a", 0, 0]), A, "offset", "attribute voxel_size"),
    ("44 unknown unit", ome_with([1, 1, 1], "parsec"), A, "unit", "parsec.*Set voxel_size and unit"),
    ("44 two units", plain(voxel_size=[1, 1, 1], units=["nm", "", "nm"]), A, "unit", "some axes only"),
    ("44 unit beside unit", ome_with([1, 1, 1]), A | {"unit": "nm"}, "unit", "already"),
    ("127 folder", plain(), {"path": "b.zarr"}, "path", "no such file.*a.zarr"),
    ("127 array", two_arrays, A | {"array": "lable"}, "array", "Found: labels, raw"),
    ("127 similar", two_arrays, A | {"array": "label"}, "array", "Did you mean labels?"),
    ("127 in path", two_arrays, {"path": "a.zarr/rwa"}, "path", "rwa is not in a.zarr"),
    ("127 HDF5", hdf5, {"path": "a.h5", "array": "rax"}, "array", "Did you mean raw.*labels, raw"),
    ("127 HDF5 in path", hdf5, {"path": "a.h5/raw"}, "path", "Set path to a.h5 and choose array"),
    ("127 N5", n5(), {"path": "a.n5", "array": "lab"}, "array", "not in a.n5.*raw"),
    ("127 several", two_arrays, A, "array", "several arrays.*labels, raw"),
    ("127 several in HDF5", hdf5, {"path": "a.h5"}, "array", "several arrays.*labels, raw"),
    ("127 no array", lambda f: zarr.open_group(str(f / "a.zarr")) and None, A, "path", "no array"),
    ("127 outside", two_arrays, A | {"array": "../b"}, "array", "lies in its container"),
    (
        "127 array in TIFF",
        FORMATS["TIFF plain"],
        {"path": "a.tif", "array": "raw"},
        "array",
        "without a name",
    ),
    ("8", plain(), {"path": "a\0.zarr"}, "path", "cannot be printed"),
    ("127 remote", plain(), {"path": "ftp://a/b.zarr"}, "path", "begins with one of http://"),
    ("128 zarr", plain(), {"path": "aa.zarr"}, "path", "no such file.*a.zarr"),
    ("128 N5", plain(), {"path": "b.n5"}, "path", "no such file.*a.zarr"),
    ("128 HDF5", hdf5, {"path": "b.h5"}, "path", "no such file.*a.h5"),
    ("128 array", two_arrays, A | {"array": "new/labels"}, "array", "not in a.zarr"),
    ("130 gzip of HDF5", zipped_hdf5, {"path": "a.h5.gz"}, "path", "HDF5.*gunzip -k a.h5.gz"),
    ("130 gzip", containing(a__gz=gzip.compress(b"x")), {"path": "a.gz"}, "path", "gunzip"),
    ("130 broken gzip", containing(a__gz=b"\x1f\x8bxx"), {"path": "a.gz"}, "path", "gunzip"),
    ("130 zip", zipped, {"path": "a.zip"}, "path", "zip archive.*Unpack"),
    ("130 npz", lambda f: np.savez(f / "a.npz", volume()), {"path": "a.npz"}, "path", "numpy.save"),
    ("130 microscope", containing(a__czi=b"ZISRAW"), {"path": "a.czi"}, "path", "microscope.*OME-Zarr.*Fiji"),
    ("130 text", containing(a__txt=b"hello"), {"path": "a.txt"}, "path", "none of the formats.*Convert"),
    ("130 no bytes", containing(a__h5=b""), {"path": "a.h5"}, "path", "empty"),
    ("130 plain folder", containing(a__h5=b""), {"path": "."}, "path", "Give one of those in it: a.h5"),
    (
        "130 half HDF5",
        truncated_hdf5,
        {"path": "a.h5", "array": "raw"},
        "path",
        "cannot be opened.*truncated",
    ),
    ("130 half TIFF", truncated_tiff, {"path": "a.tif"}, "path", "end is missing"),
    ("130 half PNG", containing(a__png=b"\x89PNG\r\n"), {"path": "a.png"}, "path", "cannot be opened"),
    (
        "130 half npy",
        containing(a__npy=b"\x93NUMPY\x01\0"),
        {"path": "a.npy"},
        "path",
        "cannot be mapped.*EOF",
    ),
    (
        "130 TIFF without pages",
        containing(a__tif=b"II*\0\x08\0\0\0"),
        {"path": "a.tif"},
        "path",
        "no whole TIFF",
    ),
    ("131 level", plain(), A | {"level": 1}, "level", "one resolution level only.*Set 0"),
    ("131 OME level", ome_with([1, 1, 1]), A | {"level": 2}, "level", "one resolution level only"),
    ("131 level of npy", numpy(volume()), {"path": "a.npy", "level": 1}, "level", "one level only"),
    ("131 level of TIFF", FORMATS["TIFF plain"], {"path": "a.tif", "level": 3}, "level", "one resolution"),
    ("131 level is gone", ome_level("7"), A, "path", "level 7 is listed"),
    ("131 level outside", ome_level("../b"), A, "path", "no path"),
    ("131 level is no text", ome_level(3), A, "path", "no path"),
    ("135", codec("wavelet9"), A, "path", "'wavelet9', which is unknown.*Install"),
    ("135 package", codec("imagecodecs_jpegxl"), A, "path", "jpegxl.*the package imagecodecs"),
    ("135 v2", v2_codec(compressor={"id": "wavelet9"}), A, "path", "'wavelet9'"),
    ("135 v2 filter", v2_codec(filters=[{"id": "zfpy"}]), A, "path", r"numcodecs[zfpy]"),
    ("135 N5", n5(compression={"type": "lz4"}), {"path": "a.n5", "array": "raw"}, "path", "'lz4'"),
    ("135 TIFF", odd_tiff, {"path": "a.tif"}, "path", "compressed with.*imagecodecs"),
    ("135 dtype", with_metadata(lambda m: m.update(data_type="int7")), A, "path", "cannot be used.*int7"),
    ("135 grid", with_metadata(lambda m: m["chunk_grid"].update(name="cubes")), A, "path", "cubes"),
    ("136 empty", with_text(""), A, "path", "zarr.json is unreadable: it is empty"),
    ("136 list", with_text("[]"), A, "path", "zarr.json is unreadable: it is [] and no object"),
    ("136 null", with_text("null"), A, "path", "zarr.json is unreadable: it is None"),
    ("136 half", with_text('{"zarr_format": 3, "node'), A, "path", "zarr.json is unreadable: unterminated"),
    ("136 deep", with_text("[" * 100_000), A, "path", "deeper"),
    ("136 no codecs", with_metadata(lambda m: m.update(codecs=None)), A, "path", "cannot be used"),
    ("136 no fill value", with_metadata(lambda m: m.pop("fill_value")), A, "path", "cannot be used"),
    ("136 negative shape", with_metadata(lambda m: m.update(shape=[-1, 4, 4])), A, "path", "cannot be used"),
    ("136 N5 shape", n5(dimensions="x"), {"path": "a.n5", "array": "raw"}, "path", "cannot be used"),
    ("137", chunk_shape(0, 4, 4), A, "path", "chunks are [0, 4, 4]"),
    ("137 text", chunk_shape("4", 4, 4), A, "path", "whole numbers above 0"),
    ("137 v2", v2_codec(chunks=[4, 0, 4]), A, "path", "chunks are [4, 0, 4]"),
    ("138 chunk", chunk_shape(10**4, 10**4, 10**4), A, "path", "931 GiB.*chunks of 1 GiB"),
    ("142 filter", v2_codec(filters=[{"id": "pickle"}]), A, "path", "pickle.*run code"),
    ("142 codec", codec("numcodecs.pickle"), A, "path", "pickle.*run code"),
    ("143", conflicting, A, "voxel_size", r"voxel_size says (8.0, 8.0, 8.0).*resolution (4.0, 4.0, 4.0)"),
    ("slice missing", slices("1.png", "2.png", "4.png"), {"path": "."}, "path", "slice 3 is missing"),
    ("slice twice", slices("1.png", "01.png", "2.png"), {"path": "."}, "path", "slice 1 is there twice"),
    ("slices unnumbered", slices("a.png", "b.png"), {"path": "."}, "path", "differ in more than one number"),
    ("two numbers", slices("1_1.png", "2_2.png"), {"path": "."}, "path", "differ in more than one number"),
    ("slices of two sizes", slices("8.png", "9.png"), {"path": "."}, "path", "is not (5, 6) uint8"),
    ("CMYK", four_inks, {"path": "a.jpg"}, "path", "colours are CMYK.*RGB"),
    ("slice with pages", stack_as_slice, {"path": "."}, "path", "9 pages"),
    ("TIFF of another version", containing(a__tif=b"II*\0\x04"), {"path": "a.tif"}, "path", "no whole TIFF"),
    ("affine", ome_transform("affine"), A, "voxel_size", "multiscales metadata"),
    ("palette", palette, {"path": "a.png"}, "path", "palette"),
    ("16-bit colours", colours_of_16_bits, {"path": "a.png"}, "path", "16 bits"),
]


@pytest.mark.parametrize(
    ("prepare", "fields", "field", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_bad_input_is_named_and_nothing_is_created(
    prepare: Prepare, fields: dict[str, Any], field: str, words: str, tmp_path: Path
) -> None:
    prepare(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserInputError) as caught:
        File(**fields).open(tmp_path)
    message = str(caught.value)
    assert caught.value.field == field
    assert caught.value.fix
    assert len(message) <= 300
    position = 0
    for part in words.split(".*"):
        assert part in message[position:], message
        position = message.index(part, position) + len(part)
    assert sorted(tmp_path.rglob("*")) == before


def test_row_138_a_huge_shape_opens_and_is_read_in_parts(tmp_path: Path) -> None:
    with_metadata(lambda m: m.update(shape=HUGE))(tmp_path)
    array = File(**A).open(tmp_path)
    assert array.shape == tuple(HUGE)
    assert array.read((2**19,) * 3, (2, 2, 2)).shape == (2, 2, 2)


def test_row_138_the_index_of_a_shard_is_bounded(tmp_path: Path) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), shape=(8, 8), chunks=(1, 1), shards=(8, 8), dtype="u1")
    file = tmp_path / "a.zarr/zarr.json"
    metadata = json.loads(file.read_text())
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = [10**6, 10**6]
    file.write_text(json.dumps(metadata))
    with pytest.raises(UserInputError, match="larger chunks"):
        File(**A).open(tmp_path)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_row_128_a_zarr_is_opened_for_reading_only(zarr_format: int, tmp_path: Path) -> None:
    plain(zarr_format)(tmp_path)
    node = zarr_folder.node_at(tmp_path / "a.zarr")
    assert node is not None and zarr_folder.open_array(node).read_only


def test_row_132_a_missing_chunk_reads_as_zeros_and_is_counted(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume() + 1)
    (tmp_path / "a.zarr/c/0/0/0").unlink()
    assert not File(**A).open(tmp_path).read((0, 0, 0), (4, 4, 4)).any()
    assert File(**A).missing_chunks(tmp_path) == 1


def test_row_134_an_unfinished_image_is_no_array_of_its_container(tmp_path: Path) -> None:
    zarr.open_group(str(tmp_path / "a.zarr"), mode="a")
    for name, side in ((".napari-dacapo-1-ab", 5), ("raw", 6)):
        zarr_with(tmp_path / "a.zarr" / name, volume(shape=(side,) * 3))
    assert File(**A).open(tmp_path).shape == (6, 6, 6)


def test_opening_a_picture_leaves_no_file_open(tmp_path: Path) -> None:
    slices("1.png")(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        File(path="1.png").open(tmp_path).read((0, 0), (2, 2))
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


def with_checksums(folder: Path) -> Path:
    codecs = [{"name": "crc32c"}]
    array = zarr.create_array(str(folder / "a.zarr"), data=volume(), chunks=(4, 4, 4), compressors=codecs)
    return folder / "a.zarr" / array.metadata.encode_chunk_key((1, 2, 0))


def test_row_133_a_flipped_bit_names_chunk_and_file(tmp_path: Path) -> None:
    file = with_checksums(tmp_path)
    data = bytearray(file.read_bytes())
    data[3] ^= 4
    file.write_bytes(data)
    array = File(**A).open(tmp_path)
    assert array.read((0, 0, 0), (4, 4, 4)).shape == (4, 4, 4)
    with pytest.raises(UserInputError, match=r"c/1/2/0.*chunk \(1, 2, 0\) cannot be read"):
        array.read((0, 0, 0), (6, 9, 11))


def test_row_133_a_truncated_chunk_names_chunk_and_file(tmp_path: Path) -> None:
    plain()(tmp_path)
    os.truncate(tmp_path / "a.zarr/c/0/1/1", 5)
    with pytest.raises(UserInputError, match=r"c/0/1/1.*chunk \(0, 1, 1\)"):
        File(**A).open(tmp_path).read((0, 0, 0), (6, 9, 11))


def test_row_133_blosc_never_reads_beyond_the_end_of_a_chunk(tmp_path: Path) -> None:
    FORMATS["zarr v2 blosc big-endian"](tmp_path)
    chunk = tmp_path / "a.zarr/1.2.2"
    data = bytearray(chunk.read_bytes())
    data[12:16] = (len(data) + 1).to_bytes(4, "little")
    chunk.write_bytes(data)
    with pytest.raises(UserInputError, match=r"a\.zarr/1\.2\.2.*end is missing"):
        File(path="a.zarr").open(tmp_path).read((0, 0, 0), (6, 9, 11))
    chunk.unlink()
    assert File(path="a.zarr").open(tmp_path).read((4, 8, 8), (1, 1, 1)) == 0


def test_row_133_a_damaged_slice_is_named(tmp_path: Path) -> None:
    slices("1.png", "2.png", "3.png")(tmp_path)
    os.truncate(tmp_path / "2.png", 45)
    array = File(path=".").open(tmp_path)
    with pytest.raises(UserInputError, match="cannot be read"):
        array.read((0, 0, 0), (3, 5, 6))


def test_row_133_a_slice_of_another_size_is_named(tmp_path: Path) -> None:
    slices("8.png", "9.png", "10.png")(tmp_path)
    with pytest.raises(UserInputError, match=r"9\.png.*first slice"):
        File(path=".").open(tmp_path).read((0, 0, 0), (3, 5, 6))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_row_141_an_unreadable_chunk_is_named(tmp_path: Path) -> None:
    plain()(tmp_path)
    chunk = tmp_path / "a.zarr/c/0/1/1"
    chunk.unlink()
    chunk.symlink_to(chunk)  # what even root cannot read
    with pytest.raises(UserInputError, match=r"c/0/1/1.*cannot be read"):
        File(**A).open(tmp_path).read((0, 0, 0), (6, 9, 11))


def test_row_142_no_pickle_is_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "canary"), "w"))

    np.save(tmp_path / "a.npy", np.array([[Payload()]], object), allow_pickle=True)
    with pytest.raises(UserInputError):
        File(path="a.npy").open(tmp_path)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("row", ["39", "40"])
def test_foreign_byte_and_memory_order_are_accepted(row: str, tmp_path: Path) -> None:
    data = volume(">f4") if row == "39" else np.asfortranarray(volume(np.float32))
    np.save(tmp_path / "a.npy", data)
    patch = File(path="a.npy").open(tmp_path).read((0, 0, 0), (6, 9, 11))
    assert patch.dtype == np.dtype(np.float32) and patch.flags.c_contiguous and patch.flags.writeable
    np.testing.assert_array_equal(patch, data)


def test_row_135_a_filter_of_hdf5_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FORMATS["HDF5 gzip"](tmp_path)
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(UserInputError, match=r"encoded with deflate.*hdf5plugin"):
        File(path="a.h5").open(tmp_path)


def test_a_picture_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices("a.png")(tmp_path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UserInputError, match="exceeds limit"):
        File(path="a.png").open(tmp_path)
