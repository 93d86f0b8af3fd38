"""Arrays as layers: napari takes them, puts them where the engine has them, and reads only what it shows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import Counting
from napari.components import ViewerModel
from napari.layers import Layer

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.layers.boxes import TRAINING, box_layer
from napari_dacapo.layers.layer import channels, image, intensities, labels, pyramid
from napari_dacapo.layers.pixels import Level, Pixels

VALUES = np.arange(4 * 5 * 6, dtype=np.uint16).reshape(4, 5, 6)


def volume(data: np.ndarray = VALUES, axes: str = "zyx", **properties: Any) -> Array:
    dims = len(axes.removeprefix("c"))
    return replace(from_numpy(data, axes, (8.0,) * dims, unit="nm"), **properties)


def large(shape: tuple[int, ...], dtype: type[np.generic] = np.uint8) -> Counting:
    """An array of any size that takes no memory."""
    dims = len(shape)
    plain = from_numpy(np.broadcast_to(np.zeros((), dtype), shape), "zyx"[-dims:], (1.0,) * dims)
    return Counting(plain)


@pytest.mark.parametrize(
    "key",
    [
        1,
        -1,
        ...,
        (1, 2),
        (slice(None), 2),
        (..., 3),
        (1, ..., slice(1, 4)),
        (slice(1, 3), slice(None, None, 2), slice(5, 0, -2)),
        (slice(2, 2), 0, 0),
        (np.int64(3), slice(-3, None), np.int32(-2)),
    ],
)
@pytest.mark.parametrize("kind", [Pixels, Level])
def test_pixels_are_indexed_as_numpy_is(kind: type[Pixels], key: Any) -> None:
    np.testing.assert_array_equal(kind(volume())[key], VALUES[key])


def test_pixels_out_of_bounds_raise_as_numpy_does() -> None:
    with pytest.raises(IndexError):
        Pixels(volume())[4]


def test_pixels_as_an_array_are_the_whole() -> None:
    pixels = Pixels(volume())
    np.testing.assert_array_equal(np.asarray(pixels), VALUES)
    assert np.asarray(pixels, np.float32).dtype == np.float32
    assert (pixels.shape, pixels.ndim, pixels.size) == ((4, 5, 6), 3, 120)


def test_a_plane_reads_that_plane_only() -> None:
    counting = large((50, 20, 20))
    Pixels(counting.array)[7, :, 5:15]
    assert counting.requests == [(slice(7, 8), slice(0, 20), slice(5, 15))]


def test_of_a_level_the_box_on_the_screen_is_taken_before_the_plane_and_reads_nothing() -> None:
    counting = large((50, 20, 20))
    box = Level(counting.array)[:, 2:12, 5:15]
    assert box.shape == (50, 10, 10) and not counting.requests
    box[7]
    box[:, 3:][9]
    read = [(slice(7, 8), slice(2, 12), slice(5, 15)), (slice(9, 10), slice(5, 12), slice(5, 15))]
    assert counting.requests == read


def test_a_plane_of_a_pyramid_in_the_viewer_reads_that_plane_only() -> None:
    finer, coarser = large((50, 40, 40)), large((50, 20, 20))
    data, properties, _ = image([finer.array, coarser.array], "deep", (0.0, 1.0))
    viewer = ViewerModel()
    viewer.add_image(data, **properties)
    for counting in (finer, coarser):
        counting.requests.clear()
    viewer.dims.set_current_step(0, 7)
    planes = [(each[0].start, each[0].stop) for each in (*finer.requests, *coarser.requests)]
    assert set(planes) == {(7, 8)}


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        (
            "zyx",
            (2, 3, 4),
            {
                "scale": (8.0, 8.0, 8.0),
                "translate": (104.0, 4.0, 4.0),
                "units": ("nm",) * 3,
                "axis_labels": ("z", "y", "x"),
            },
        ),
        (
            "cyx",
            (2, 3, 4),
            {
                "scale": (1.0, 8.0, 8.0),
                "translate": (0.0, 104.0, 4.0),
                "units": ("pixel", "nm", "nm"),
                "axis_labels": ("c", "y", "x"),
            },
        ),
    ],
)
def test_a_layer_lies_where_its_array_does(
    axes: str, shape: tuple[int, ...], expected: dict[str, Any]
) -> None:
    array = volume(np.zeros(shape, np.uint8), axes)
    array = replace(array, offset=(100.0, *array.offset[1:]))
    _, properties, _ = image(array, "raw")
    assert {name: properties[name] for name in expected} == expected


def test_voxels_without_a_size_are_pixels() -> None:
    _, properties, _ = labels(from_numpy(VALUES, "zyx", (1.0, 1.0, 1.0)), "labels")
    assert properties["units"] == ("pixel",) * 3


def test_layers_of_other_voxel_sizes_lie_over_each_other() -> None:
    """Voxels of 8 and 16 nm that begin at the same corner: voxel i lies in the coarse voxel i // 2."""
    viewer = ViewerModel()
    raw = viewer.add_layer(Layer.create(*image(volume(np.zeros((4, 4, 4), np.uint8)), "raw")))
    coarse = replace(volume(np.zeros((2, 2, 2), np.uint16)), voxel_size=(16.0,) * 3)
    truth = viewer.add_layer(Layer.create(*labels(coarse, "truth")))
    for voxel in range(4):
        world = raw.data_to_world((voxel,) * 3)
        assert np.round(truth.world_to_data(world)).tolist() == [voxel // 2] * 3
    assert truth.data_to_world((0, 0, 0)) == (8.0, 8.0, 8.0)  # the centre of 0..16


def test_a_viewer_with_micrometres_keeps_them_together() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4, 4)), scale=(0.008,) * 3, translate=(0.004,) * 3, units=("um",) * 3)
    viewer.add_layer(Layer.create(*image(volume(np.zeros((4, 4, 4), np.uint8)), "raw")))
    np.testing.assert_allclose(viewer.layers.extent.world[1], 28.0)  # the last centre, in nm


def test_a_large_image_is_never_read_whole() -> None:
    counting = large((2000, 300, 300))
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image(counting.array, "raw")))
    viewer.dims.set_point(0, 1234)
    assert counting.voxels < 2_000_000  # of 180 millions


def test_a_large_labels_layer_is_never_read_whole() -> None:
    counting = large((2000, 300, 300), np.uint64)
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*labels(counting.array, "labels")))
    viewer.dims.set_point(0, 1234)
    assert counting.voxels < 1_000_000


def test_black_and_white_are_the_extremes_of_a_sample() -> None:
    assert intensities(volume()) == (0.0, 119.0)
    assert image(volume(), "raw")[1]["contrast_limits"] == (0.0, 119.0)
    assert image(volume(), "raw", (5.0, 6.0))[1]["contrast_limits"] == (5.0, 6.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 3], (3.0, 4.0)), ([np.nan, 1, 5], (1.0, 5.0)), ([np.nan, np.inf], (0.0, 1.0))],
)
def test_constant_and_missing_intensities_still_give_a_range(
    values: list[float], expected: tuple[float, float]
) -> None:
    assert intensities(from_numpy(np.array([values]), "yx", (1.0, 1.0))) == expected


def test_channels_are_a_layer_each_the_first_one_visible() -> None:
    layers = channels(volume(VALUES, "cyx"), ("a", "b", "c", "d"), (0.0, 1.0))
    created = [Layer.create(*layer) for layer in layers]
    assert [(layer.name, layer.visible, layer.ndim) for layer in created] == [
        ("a", True, 2),
        ("b", False, 2),
        ("c", False, 2),
        ("d", False, 2),
    ]
    np.testing.assert_array_equal(np.asarray(created[2].data), VALUES[2])


def test_a_single_channel_without_an_axis_is_one_layer() -> None:
    ((data, properties, _),) = channels(volume(), ("distance",))
    assert data.shape == (4, 5, 6) and properties["name"] == "distance"


def test_what_is_true_is_shown_as_labels() -> None:
    created = Layer.create(*labels(volume(VALUES > 60), "known"))
    np.testing.assert_array_equal(np.asarray(created.data), VALUES > 60)


def test_ids_beyond_all_signed_integers_are_shown() -> None:
    created = Layer.create(*labels(volume(np.full((2, 2), 2**63 + 5, np.uint64), "yx"), "ids"))
    assert created.get_value((1, 1)) == 2**63 + 5


def test_the_levels_of_a_pyramid_are_the_levels_of_the_layer(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)
    world: dict[str, Any] = {"voxel_size": (2.0, 2.0), "offset": (0.0, 0.0), "unit": "nm"}
    write_ome_zarr(tmp_path / "image.zarr", data, axes="yx", coarser="mean", **world)
    levels = pyramid(File(path="image.zarr"), tmp_path)
    assert [level.shape for level in levels] == [(300, 400), (150, 200), (75, 100)]
    created = Layer.create(*image(levels, "raw"))
    assert created.multiscale and created.scale.tolist() == [2.0, 2.0]
    np.testing.assert_array_equal(np.asarray(created.data[0]), data)


def test_an_image_of_one_level_is_no_pyramid(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.zeros((20, 30), np.uint8))
    levels = pyramid(File(path="image.npy"), tmp_path)
    assert len(levels) == 1 and not Layer.create(*image(levels, "raw")).multiscale


def test_a_box_is_seen_in_the_slices_it_reaches_through_and_in_no_other() -> None:
    box = Box((80.0, 0.0, 40.0), (160.0, 100.0, 60.0))
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image(volume(np.zeros((40, 20, 20), np.uint8)), "raw")))
    layer = viewer.add_layer(Layer.create(*box_layer(box, "nm", "trains", TRAINING)))
    for corner, inside in [
        ((81.0, 1.0, 41.0), True),
        ((159.0, 99.0, 59.0), True),
        ((79.0, 50.0, 50.0), False),
        ((161.0, 50.0, 50.0), False),
        ((120.0, 101.0, 50.0), False),
    ]:
        assert (np.round(layer.world_to_data(corner)) == 0).all() == inside
    assert layer.get_color(1).tolist() == pytest.approx(TRAINING)
