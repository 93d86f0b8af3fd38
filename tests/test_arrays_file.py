"""Opening files: the same voxels and the same place, whatever the format."""

import json
import os
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from containers import FORMATS, GIVEN, OFFSET, SHAPE, VOXEL_SIZE, ome_zarr, volume, zarr_with
from PIL import Image

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.errors import UserInputError


@pytest.fixture(params=FORMATS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Array:
    return FORMATS[request.param](tmp_path).open(tmp_path)


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def test_every_format_gives_the_voxels_of_a_patch(opened: Array) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        start = tuple(int(rng.integers(0, n)) for n in SHAPE)
        shape = tuple(int(rng.integers(1, n - s + 1)) for n, s in zip(SHAPE, start, strict=True))
        expected = volume()[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
        np.testing.assert_array_equal(opened.read(start, shape), expected)


def test_every_format_gives_nm_native_numbers_and_contiguous_patches(opened: Array) -> None:
    assert (opened.axes, opened.shape, opened.unit) == ("zyx", SHAPE, "nm")
    assert opened.voxel_size == pytest.approx(VOXEL_SIZE)
    assert opened.offset == pytest.approx(OFFSET)
    patch = opened.read((1, 2, 3), (2, 3, 4))
    assert opened.dtype == patch.dtype == np.dtype(np.uint16)
    assert patch.dtype.isnative and patch.flags.c_contiguous


def test_every_format_can_be_read_from_several_threads(opened: Array) -> None:
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(whole(opened))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all((result == volume()).all() for result in results)


@pytest.mark.parametrize("name", FORMATS)
def test_opening_and_reading_changes_no_file(name: str, tmp_path: Path) -> None:
    file = FORMATS[name](tmp_path)
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in tmp_path.rglob("*")}
    whole(file.open(tmp_path))
    assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in tmp_path.rglob("*")} == before


# --- axes ---


@pytest.mark.parametrize(
    ("axes", "shape", "presented"),
    [
        ("xyz", (11, 9, 6), "zyx"),
        ("zyxc", (6, 9, 11, 3), "czyx"),
        ("yxc", (9, 11, 4), "cyx"),
        ("cxzy", (2, 11, 6, 9), "czyx"),
        ("tzyx", (3, 6, 9, 11), "zyx"),
        ("xcytz", (11, 2, 9, 3, 6), "czyx"),
        ("xy", (11, 9), "yx"),
    ],
)
def test_axes_in_any_order_are_brought_into_one(
    axes: str, shape: tuple[int, ...], presented: str, tmp_path: Path
) -> None:
    data = volume(shape=shape)
    zarr_with(tmp_path / "a.zarr", data)
    array = File(path="a.zarr", axes=axes, time=2 if "t" in axes else 0).open(tmp_path)
    moment = data.take(2, axes.index("t")) if "t" in axes else data
    left = axes.replace("t", "")
    expected = moment.transpose([left.index(axis) for axis in presented])
    assert (array.axes, array.shape) == (presented, expected.shape)
    np.testing.assert_array_equal(whole(array), expected)


def test_voxel_sizes_follow_their_axes(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(shape=(5, 6, 7)), axis_names=["x", "z", "y"], voxel_size=[3, 20, 5])
    array = File(path="a.zarr").open(tmp_path)
    assert (array.shape, array.voxel_size) == ((6, 7, 5), (20, 5, 3))


def test_dacapo_names_channels_with_a_roof(tmp_path: Path) -> None:
    attributes: dict[str, Any] = {"axis_names": ["c^", "z", "y", "x"], "units": ["nm"] * 3}
    zarr_with(tmp_path / "a.zarr", volume(shape=(2, 5, 6, 7)), voxel_size=[40, 4, 8], **attributes)
    array = File(path="a.zarr").open(tmp_path)
    assert (array.axes, array.channels, array.voxel_size) == ("czyx", 2, (40, 4, 8))


def test_three_sizes_for_four_axes_mean_channels_first(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(shape=(2, 5, 6, 7)), resolution=[40, 4, 8], offset=[0, 4, 8])
    array = File(path="a.zarr").open(tmp_path)
    assert (array.axes, array.voxel_size, array.offset) == ("czyx", (40, 4, 8), (0, 4, 8))


@pytest.mark.parametrize("shape", [(3, 9, 11), (9, 11, 3), (6, 7, 8, 9), (1, 1, 6, 8, 9)])
def test_axes_that_nothing_tells_are_asked_for(shape: tuple[int, ...], tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(shape=shape))
    with pytest.raises(UserInputError, match="tells its axes") as caught:
        File(path="a.zarr").open(tmp_path)
    assert caught.value.field == "axes"


def test_a_channel_axis_of_length_1_is_kept_if_axes_are_given(tmp_path: Path) -> None:
    ome_zarr(tmp_path, "0.5", volume(shape=(1, 1, 5, 6)), "czyx", [{"path": "0", "scale": [1, 2, 3, 4]}])
    left_out = File(path="image.zarr").open(tmp_path)
    assert (left_out.axes, left_out.voxel_size) == ("yx", (3000, 4000))
    kept = File(path="image.zarr", axes="czyx").open(tmp_path)
    assert (kept.axes, kept.voxel_size) == ("czyx", (2000, 3000, 4000))


@pytest.mark.parametrize("axes", ["zzyx", "zx", "abc", "ZYX", ""])
def test_axes_that_make_no_image_are_refused_as_typed(axes: str) -> None:
    with pytest.raises(UserInputError) as caught:
        File(path="a.zarr", axes=axes)
    assert caught.value.field == "axes"


def test_a_time_point_that_is_not_there_is_refused(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(shape=(3, 5, 6, 7)))
    with pytest.raises(UserInputError, match=r"3 time points.*0 to 2"):
        File(path="a.zarr", axes="tzyx", time=3).open(tmp_path)
    zarr_with(tmp_path / "b.zarr", volume())
    with pytest.raises(UserInputError, match="no time axis"):
        File(path="b.zarr", time=1).open(tmp_path)


# --- OME-Zarr ---

LEVELS = [
    {"path": "s0", "scale": [2.0, 1.0, 1.0]},
    {"path": "s1", "scale": [2.0, 2.0, 2.0], "translation": [0.0, 0.5, 0.5]},
    {"path": "s2", "scale": [4.0, 4.0, 4.0], "translation": [1.0, 1.5, 1.5]},
]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(("level", "voxel_size"), [(0, (2, 1, 1)), (1, (2, 2, 2)), (2, (4, 4, 4))])
def test_every_level_begins_where_the_finest_does(
    version: str, level: int, voxel_size: tuple[int, ...], tmp_path: Path
) -> None:
    # centres   0 1 2 3      borders  | | | | |
    # level 1   0.5  2.5              |   |   |
    ome_zarr(tmp_path, version, volume(), "zyx", LEVELS)
    array = File(path="image.zarr", level=level).open(tmp_path)
    assert array.voxel_size == tuple(1000 * v for v in voxel_size)
    assert array.offset == (0, 0, 0)


def test_levels_without_translations_begin_together(tmp_path: Path) -> None:
    levels = [{"path": "0", "scale": [1, 1, 1]}, {"path": "1", "scale": [2, 2, 2]}]
    ome_zarr(tmp_path, "0.4", volume(), "zyx", levels)
    assert File(path="image.zarr", level=1).open(tmp_path).offset == (0, 0, 0)


def test_transforms_of_the_image_come_after_those_of_a_level(tmp_path: Path) -> None:
    top = [{"type": "scale", "scale": [10, 10, 10]}, {"type": "translation", "translation": [1, 2, 3]}]
    level = {"path": "0", "scale": [2, 1, 1], "translation": [5, 0, 0]}
    ome_zarr(tmp_path, "0.5", volume(), "zyx", [level], coordinateTransformations=top)
    array = File(path="image.zarr").open(tmp_path)
    assert array.voxel_size == (20_000, 10_000, 10_000)
    assert array.offset == (51_000, 2_000, 3_000)


def test_an_identity_changes_nothing(tmp_path: Path) -> None:
    level = {"path": "0", "scale": [2, 1, 1]}
    ome_zarr(tmp_path, "0.5", volume(), "zyx", [level], coordinateTransformations=[{"type": "identity"}])
    assert File(path="image.zarr").open(tmp_path).voxel_size == (2000, 1000, 1000)


def test_images_of_version_0_2_have_five_axes_and_no_sizes(tmp_path: Path) -> None:
    zarr.create_group(
        str(tmp_path / "a.zarr"), zarr_format=2, attributes={"multiscales": [{"datasets": [{"path": "0"}]}]}
    )
    zarr_with(tmp_path / "a.zarr/0", volume(shape=(1, 2, 5, 6, 7)), 2)
    array = File(path="a.zarr").open(tmp_path)
    assert (array.axes, array.shape, array.unit) == ("czyx", (2, 5, 6, 7), "voxel")


def test_a_level_named_as_array_has_the_place_the_image_gives_it(tmp_path: Path) -> None:
    ome_zarr(tmp_path, "0.5", volume(), "zyx", LEVELS)
    by_name = File(path="image.zarr", array="s1").open(tmp_path)
    by_path = File(path="image.zarr/s1").open(tmp_path)
    assert by_name.voxel_size == by_path.voxel_size == (2000, 2000, 2000)


def test_channel_names_come_from_omero(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path, "0.4", volume(shape=(2, 5, 6)), "cyx", [{"path": "0", "scale": [1, 1, 1]}])
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["omero"] = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    (path / ".zattrs").write_text(json.dumps(attributes))
    assert File(path="image.zarr").open(tmp_path).channel_names == ("DAPI", "GFP")


def test_the_only_image_of_a_container_is_found(tmp_path: Path) -> None:
    (tmp_path / "plate.zarr").mkdir()
    ome_zarr(tmp_path / "plate.zarr", "0.5", volume(), "zyx", LEVELS)
    assert File(path="plate.zarr").open(tmp_path).shape == SHAPE
    assert File(path="plate.zarr", array="image.zarr", level=1).open(tmp_path).voxel_size == (2000,) * 3


@pytest.mark.parametrize("container", ["a.zarr", "a.n5"])
def test_levels_s0_s1_need_no_metadata(container: str, tmp_path: Path) -> None:
    if container == "a.n5":
        FORMATS["N5 raw"](tmp_path)
        os.rename(tmp_path / "a.n5/raw", tmp_path / "a.n5/s0")
        assert File(path="a.n5").open(tmp_path).shape == SHAPE
        return
    for level, shape in enumerate([(8, 8, 8), (5, 5, 5)]):
        zarr_with(tmp_path / f"a.zarr/raw/s{level}", volume(shape=shape))
    zarr.open_group(str(tmp_path / "a.zarr"), mode="a")
    zarr.open_group(str(tmp_path / "a.zarr/raw"), mode="a")
    assert File(path="a.zarr", level=1).open(tmp_path).shape == (5, 5, 5)


# --- voxel size, offset, unit ---


def test_without_metadata_a_voxel_is_1_large(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume())
    array = File(path="a.zarr").open(tmp_path)
    assert (array.voxel_size, array.offset, array.unit) == ((1, 1, 1), (0, 0, 0), "voxel")


@pytest.mark.parametrize(
    ("unit", "voxel_size", "presented"),
    [
        ("nm", (4.0, 2.0, 2.0), (4, 2, 2)),
        ("um", (0.0041, 0.1, 0.1), (4.1, 100, 100)),
        ("mm", (0.001, 0.001, 0.001), (1000, 1000, 1000)),
        ("angstrom", (10.0, 20.0, 20.0), (1, 2, 2)),
    ],
)
def test_given_sizes_are_converted_to_nm(unit: Any, voxel_size: Any, presented: Any, tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume())
    array = File(path="a.zarr", unit=unit, voxel_size=voxel_size, offset=voxel_size).open(tmp_path)
    assert (array.voxel_size, array.offset, array.unit) == (presented, presented, "nm")


@pytest.mark.parametrize("unit", ["µm", "um", "micron", "microns", "micrometer", "Micrometre", "\\u00B5m"])
def test_a_micrometre_has_many_names(unit: str, tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(), voxel_size=[2, 1, 1], units=[unit] * 3)
    assert File(path="a.zarr").open(tmp_path).voxel_size == (2000, 1000, 1000)


def test_axes_may_have_different_units(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(), voxel_size=[0.04, 4, 8], units=["um", "nm", "nm"])
    assert File(path="a.zarr").open(tmp_path).voxel_size == (40, 4, 8)


def test_a_given_voxel_size_wins_in_the_unit_of_the_file(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(), voxel_size=[4, 4, 4], offset=[8, 8, 8], units=["um"] * 3)
    array = File(path="a.zarr", voxel_size=(5.0, 5.0, 5.0)).open(tmp_path)
    assert (array.voxel_size, array.offset) == ((5000,) * 3, (8000,) * 3)


def test_a_unit_alone_tells_what_the_numbers_of_a_file_mean(tmp_path: Path) -> None:
    level = {"path": "0", "scale": [2, 1, 1], "translation": [6, 0, 0]}
    path = ome_zarr(tmp_path, "0.4", volume(), "zyx", [level])
    text = (path / ".zattrs").read_text().replace('"micrometer"', '"pixel"')
    (path / ".zattrs").write_text(text)
    assert File(path="image.zarr").open(tmp_path).unit == "voxel"
    array = File(path="image.zarr", unit="um").open(tmp_path)
    assert (array.voxel_size, array.offset, array.unit) == ((2000, 1000, 1000), (6000, 0, 0), "nm")


def test_a_file_said_to_be_in_voxels_loses_its_place_in_nm(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(), voxel_size=[4, 4, 4], offset=[8, 8, 8])
    array = File(path="a.zarr", voxel_size=(1.0, 1.0, 1.0), unit="voxel").open(tmp_path)
    assert (array.voxel_size, array.offset, array.unit) == ((1, 1, 1), (0, 0, 0), "voxel")


def test_cosem_transforms_are_read_by_the_names_of_axes(tmp_path: Path) -> None:
    transform = {"axes": ["z", "y", "x"], "scale": [3, 4, 5], "translate": [30, 0, 0], "units": ["nm"] * 3}
    zarr_with(tmp_path / "a.zarr", volume(), transform=transform)
    array = File(path="a.zarr").open(tmp_path)
    assert (array.voxel_size, array.offset, array.unit) == ((3, 4, 5), (30, 0, 0), "nm")
    FORMATS["N5 raw"](tmp_path)
    _change_n5(tmp_path, transform=transform, resolution=None, offset=None)
    assert File(path="a.n5").open(tmp_path).voxel_size == (3, 4, 5)


def test_n5_levels_have_larger_voxels(tmp_path: Path) -> None:
    FORMATS["N5 raw"](tmp_path)
    resolution = {"dimensions": [8, 4, 40], "unit": "nm"}
    _change_n5(
        tmp_path, pixelResolution=resolution, downsamplingFactors=[2, 2, 1], resolution=None, offset=None
    )
    assert File(path="a.n5").open(tmp_path).voxel_size == (40, 8, 16)


def _change_n5(folder: Path, **changes: Any) -> None:
    file = folder / "a.n5/raw/attributes.json"
    attributes = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in attributes.items() if value is not None}))


def test_ilastik_names_its_axes(tmp_path: Path) -> None:
    tags = {"axes": [{"key": key} for key in "zyxc"]}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("exported_data", data=volume(shape=(5, 6, 7, 2))).attrs["axistags"] = json.dumps(
            tags
        )
    array = File(path="a.h5").open(tmp_path)
    assert (array.axes, array.shape) == ("czyx", (2, 5, 6, 7))


def test_unreadable_axis_tags_tell_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("raw", data=volume()).attrs["axistags"] = "{zyx"
    assert File(path="a.h5").open(tmp_path).axes == "zyx"


def test_an_imagej_stack_without_resolution_is_in_voxels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", volume(), imagej=True, resolution=(0, 0), metadata={"axes": "ZYX"})
    assert File(path="a.tif").open(tmp_path).unit == "voxel"


def test_one_unit_may_hold_for_all_axes(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume(), voxel_size=[2, 1, 1], units="um")
    assert File(path="a.zarr").open(tmp_path).voxel_size == (2000, 1000, 1000)


def test_imagej_hyperstacks_tell_time_channels_and_size(tmp_path: Path) -> None:
    data = volume(shape=(2, 5, 3, 6, 7))
    metadata = {"axes": "TZCYX", "spacing": 2.0, "unit": "micron"}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, resolution=(4, 2), metadata=metadata)
    array = File(path="a.tif", time=1).open(tmp_path)
    assert (array.axes, array.voxel_size, array.unit) == ("czyx", (2000, 500, 250), "nm")
    np.testing.assert_array_equal(whole(array), data[1].transpose(1, 0, 2, 3))


def test_ome_tiff_tells_sizes_and_channels(tmp_path: Path) -> None:
    metadata = {
        **{"axes": "CZYX", "Channel": {"Name": ["membrane", "nuclei"]}},
        **{"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 500.0, "PhysicalSizeZUnit": "nm"},
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", volume(shape=(2, 5, 6, 7)), metadata=metadata)
    array = File(path="a.ome.tif").open(tmp_path)
    assert (array.voxel_size, array.channel_names) == ((500, 200, 100), ("membrane", "nuclei"))


def test_a_pyramid_tiff_gives_any_level(tmp_path: Path) -> None:
    data = volume(shape=(64, 96))
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
        writer.write(data, subifds=1, tile=(16, 16), metadata={"axes": "YX", **sizes})
        writer.write(data[::2, ::2], subfiletype=1, tile=(16, 16))
    array = File(path="a.ome.tif", level=1).open(tmp_path)
    assert (array.shape, array.voxel_size) == ((32, 48), (200, 200))
    np.testing.assert_array_equal(array.read((3, 4), (5, 6)), data[::2, ::2][3:8, 4:10])


def test_the_resolution_of_a_printed_page_is_no_voxel_size(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", volume(shape=(9, 11)), resolution=(72, 72), resolutionunit="INCH")
    assert File(path="a.tif").open(tmp_path).unit == "voxel"


def test_lzw_tiffs_are_read(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    tifffile.imwrite(tmp_path / "a.tif", volume(), compression="lzw")
    np.testing.assert_array_equal(whole(File(path="a.tif").open(tmp_path)), volume())


# --- single images and slices ---


@pytest.mark.parametrize(
    ("mode", "axes", "channel_names"),
    [
        ("L", "yx", ()),
        ("RGB", "cyx", ("red", "green", "blue")),
        ("I;16", "yx", ()),
        ("1", "yx", ()),
    ],
)
def test_pictures_show_their_channels(mode: str, axes: str, channel_names: Any, tmp_path: Path) -> None:
    shape = (5, 7, len(channel_names)) if channel_names else (5, 7)
    data = volume(np.uint16 if mode == "I;16" else np.uint8, shape)
    picture = Image.fromarray(data > 9) if mode == "1" else Image.fromarray(data)
    picture.save(tmp_path / "a.png")
    array = File(path="a.png").open(tmp_path)
    assert (array.axes, array.channel_names, array.spatial_shape) == (axes, channel_names, (5, 7))
    expected = np.moveaxis(data, -1, 0) if channel_names else (data > 9 if mode == "1" else data)
    np.testing.assert_array_equal(array.read((1, 2), (3, 4)), expected[..., 1:4, 2:6])


@pytest.mark.parametrize(("mode", "channels"), [("LA", 1), ("RGBA", 3)])
def test_the_opacity_of_a_picture_is_no_channel(mode: str, channels: int, tmp_path: Path) -> None:
    data = volume(np.uint8, (5, 7, channels + 1))
    for name in ("1.png", "2.png"):
        Image.fromarray(data).save(tmp_path / name)
    one, slices = (File(path=str(path)).open() for path in (tmp_path / "1.png", tmp_path))
    expected = data[..., 0] if channels == 1 else np.moveaxis(data[..., :3], -1, 0)
    np.testing.assert_array_equal(whole(one), expected)
    np.testing.assert_array_equal(whole(slices)[..., 1, :, :], expected)


def test_a_jpeg_is_read(tmp_path: Path) -> None:
    Image.fromarray(np.full((16, 24), 77, np.uint8)).save(tmp_path / "a.jpg")
    assert (whole(File(path="a.jpg").open(tmp_path)) == 77).all()


def test_bool_becomes_0_and_1(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", volume() % 2 == 1)
    values = whole(File(path="a.npy").open(tmp_path))
    assert values.dtype == np.uint8 and set(np.unique(values)) == {0, 1}


def test_ids_above_2_to_63_stay_exact(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", np.full((5, 6, 7), 2**63 + 5, np.uint64))
    assert int(whole(File(path="a.zarr").open(tmp_path)).max()) == 2**63 + 5


def test_a_patch_decodes_only_its_own_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_dacapo.arrays.formats import picture

    file, decoded, plain = FORMATS["slices PNG"](tmp_path), [], picture.pixels
    monkeypatch.setattr(picture, "pixels", lambda path: (decoded.append(path.name), plain(path))[1])
    array = file.open(tmp_path)
    array.read((1, 0, 0), (2, 5, 5))
    array.read((2, 1, 1), (1, 5, 5))
    assert decoded == ["section2_9.png", "section2_10.png"]


# --- laziness ---


def test_a_patch_of_a_huge_volume_needs_little_memory(tmp_path: Path) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), shape=(10**5,) * 3, chunks=(64,) * 3, dtype="u1")
    tracemalloc.start()
    array = File(path="a.zarr").open(tmp_path)
    patch = array.read((50_000,) * 3, (64,) * 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert patch.shape == (64,) * 3 and array.nbytes == 10**15
    assert peak < 32 << 20


@pytest.mark.parametrize("name", ["a.npy", "a.h5", "a.tif"])
def test_a_patch_of_a_large_file_needs_little_memory(name: str, tmp_path: Path) -> None:
    shape = (64, 1024, 1024)  # 64 MiB, holes on the disk
    if name == "a.npy":
        np.lib.format.open_memmap(tmp_path / name, "w+", np.uint8, shape)
    elif name == "a.h5":
        h5py.File(tmp_path / name, "w").create_dataset("raw", shape, np.uint8, chunks=(16, 64, 64))
    else:
        tifffile.imwrite(tmp_path / name, shape=shape, dtype=np.uint8)
    tracemalloc.start()
    File(path=name).open(tmp_path).read((30, 500, 500), (20, 20, 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_missing_chunks_are_counted(tmp_path: Path) -> None:
    zarr_with(tmp_path / "a.zarr", volume() + 1)
    file = File(path="a.zarr")
    assert file.missing_chunks(tmp_path) == 0
    (tmp_path / "a.zarr/c/0/1/2").unlink()
    (tmp_path / "a.zarr/c/1/1/0").unlink()
    assert file.missing_chunks(tmp_path) == 2
    assert FORMATS["npy"](tmp_path).missing_chunks(tmp_path) == 0


def test_a_file_keeps_its_fields_through_json() -> None:
    file = File(path="a.zarr", array="raw", axes="zyx", **GIVEN)
    assert File.from_json(file.to_json()) == file


def test_a_dvid_server_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserInputError, match=r"a DVID server cannot be read. Export the part"):
        File(path="dvid://host:8000/uuid/grayscale")
