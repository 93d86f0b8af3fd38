"""Layers of napari as the engine takes them: placed as they are seen, or refused with what to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
from counting import Counting
from napari.layers import Image, Labels, Layer, Points

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import own_attributes
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.layers.layer import image
from napari_dacapo.layers.saving import place_of, save_layer
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace

RAW = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
IDS = np.arange(60, dtype=np.int32).reshape(3, 4, 5)


def shown(layer: Layer) -> ShownLayer:
    return ShownLayer.of(layer)


def refused(act: Callable[[], Any]) -> UserInputError:
    with pytest.raises(UserInputError) as caught:
        act()
    assert len(str(caught.value)) <= 300
    return caught.value


def test_an_image_layer_becomes_an_array_in_the_same_place() -> None:
    layer = Image(RAW, name="raw", scale=(40, 4, 4), translate=(20, 2, 102), units=("nm",) * 3)
    array = shown(layer).image()
    assert (array.name, array.axes, array.unit) == ("raw", "zyx", "nm")
    assert array.voxel_size == (40, 4, 4)
    assert array.box == Box((0, 0, 100), (120, 16, 120))
    np.testing.assert_array_equal(whole(array), RAW)


@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "czyx"])
def test_an_array_shown_and_taken_back_is_the_same_array(axes: str) -> None:
    shape = (2, 3, 4, 5)[-len(axes) :]
    dims = len(axes.removeprefix("c"))
    voxel_size, offset = (40.0, 4.1, 3.7)[-dims:], (-20.0, 1.5, 1e6)[-dims:]
    array = from_numpy(np.zeros(shape, np.uint16), axes, voxel_size, offset, "nm", "raw")
    back = shown(Layer.create(*image(array, "raw"))).image()
    assert (back.name, back.axes, back.shape, back.unit) == ("raw", axes, shape, "nm")
    assert back.voxel_size == pytest.approx(voxel_size) and back.offset == pytest.approx(offset)


def test_micrometres_become_nanometres() -> None:
    layer = Image(RAW, scale=(0.04, 0.004, 0.004), translate=(0.02, 0.002, 0.002), units=("um",) * 3)
    array = shown(layer).image()
    assert array.voxel_size == (40.0, 4.0, 4.0) and array.unit == "nm"
    assert array.offset == pytest.approx((0, 0, 0), abs=1e-9)


def test_an_affine_that_only_stretches_and_moves_is_taken() -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[0, 3] = 7.0
    array = shown(Image(RAW, scale=(5, 4, 4), affine=affine)).image()
    assert array.voxel_size == (10, 8, 8) and array.offset == (2, -4, -4)


def test_a_pyramid_gives_its_finest_level() -> None:  # row 51
    levels = [np.random.default_rng(0).integers(0, 9, (64 >> n, 64 >> n), np.uint8) for n in range(3)]
    array = shown(Image(levels, multiscale=True, scale=(2, 2))).image()
    np.testing.assert_array_equal(whole(array), levels[0])
    assert array.voxel_size == (2, 2)


def test_a_dask_layer_is_read_only_where_asked_for() -> None:  # row 52
    volume = dask.array.zeros((100_000, 1_000, 1_200), np.uint8, chunks=(1, 500, 600))  # 112 GiB
    array = shown(Image(volume, contrast_limits=(0, 1))).image()
    assert array.chunks == (1, 500, 600)
    assert array.read((99_999, 0, 0), (1, 2, 3)).shape == (1, 2, 3)


def test_a_dask_graph_that_fails_names_the_layer() -> None:  # row 53
    def fail(block: np.ndarray) -> np.ndarray:
        raise ValueError("the disk is gone")

    volume = dask.array.zeros((4, 4), np.uint8).map_blocks(
        fail, dtype=np.uint8, meta=np.zeros((0, 0), np.uint8)
    )
    array = ShownLayer(
        title="video", kind="image", data=volume, to_world=np.eye(3), units=("", ""), axis_labels=("y", "x")
    ).image()
    error = refused(lambda: whole(array))
    assert "video" in str(error) and "the disk is gone" in str(error)


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (RAW.astype(">u2"), 39),
        (np.flip(RAW), 40),
        (np.asfortranarray(RAW), 40),
        (RAW[:, ::2, ::-1], 40),
    ],
)
def test_any_order_in_memory_is_read_as_this_machine_computes(data: np.ndarray, row: int) -> None:
    values = whole(shown(Image(data, contrast_limits=(0, 60))).image())
    np.testing.assert_array_equal(values, data)
    assert values.dtype.isnative and values.flags.c_contiguous


def test_ids_of_a_labels_layer_become_unsigned_and_stay_exact() -> None:  # rows 25, 26
    ids = np.array([[0, 2**24 + 1, 2**53 + 1, 2**63 + 5]], np.uint64)
    array = shown(Labels(ids)).labels()
    assert array.dtype == np.uint64 and whole(array).tolist() == ids.tolist()
    assert shown(Labels(IDS)).labels().dtype == np.uint32


def test_bool_labels_are_ids_0_and_1() -> None:  # row 23
    array = shown(Labels(RAW > 30)).labels()
    np.testing.assert_array_equal(whole(array), RAW > 30)
    assert array.dtype == np.uint8


def test_an_integer_image_may_serve_as_labels() -> None:
    np.testing.assert_array_equal(whole(shown(Image(RAW)).labels()), RAW)


def test_colours_are_channels_when_chosen_so() -> None:  # row 50
    colours = np.random.default_rng(0).integers(0, 255, (4, 5, 3), np.uint8)
    array = shown(Image(colours, rgb=True, scale=(2, 2), translate=(1, 1))).image("yxc")
    assert (array.axes, array.shape, array.voxel_size, array.offset) == ("cyx", (3, 4, 5), (2, 2), (0, 0))
    np.testing.assert_array_equal(whole(array), np.moveaxis(colours, -1, 0))


def test_opacity_is_no_channel() -> None:
    colours = np.random.default_rng(0).integers(0, 255, (4, 5, 4), np.uint8)
    array = shown(Image(colours, rgb=True)).image("yxc")
    np.testing.assert_array_equal(whole(array), np.moveaxis(colours[..., :3], -1, 0))


def test_a_time_point_is_taken_when_chosen() -> None:  # row 54
    video = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    layer = Image(video, scale=(60, 2, 1, 1), units=("s", "nm", "nm", "nm"))
    array = shown(layer).image("tzyx", time=1)
    assert (array.axes, array.voxel_size, array.unit) == ("zyx", (2, 1, 1), "nm")
    np.testing.assert_array_equal(whole(array), video[1])


def test_axis_labels_tell_the_axes() -> None:
    layer = Image(RAW, axis_labels=("Channel", "Y", "X"))
    assert shown(layer).image().axes == "cyx"


def test_a_stack_of_one_section_is_flat() -> None:
    assert shown(Image(RAW[:1])).image().axes == "yx"
    assert shown(Image(RAW[:1])).image("zyx").axes == "yx"
    assert shown(Image(RAW[None, :1])).image("czyx").axes == "yx"


def described(data: Any) -> ShownLayer:
    """Of what napari itself makes no layer of."""
    dims = data.ndim
    return ShownLayer(
        title="layer",
        kind="image",
        data=data,
        to_world=np.eye(dims + 1),
        units=("pixel",) * dims,
        axis_labels=tuple(str(axis - dims) for axis in range(dims)),
    )


SWAP = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
REFUSED: dict[str, tuple[Callable[[], Layer | ShownLayer], str, str]] = {
    "32 points": (lambda: Points(np.zeros((3, 3))), "layer", "it is a points layer"),
    "37 complex": (lambda: described(RAW.astype(np.complex64)), "layer", "its values are complex64"),
    "38 objects": (lambda: described(np.empty((4, 4), object)), "layer", "its values are object"),
    "44 some": (lambda: Image(RAW, units=("pixel", "nm", "nm")), "units", "the same unit"),
    "44 no length": (lambda: Image(RAW, units=("s", "nm", "nm")), "units", "second, which is no length"),
    "47 empty": (lambda: described(np.zeros((0, 4, 4))), "layer", "it is empty"),
    "48 one axis": (lambda: described(np.zeros(4)), "layer", "it has 1 axes"),
    "48 no axis": (lambda: described(np.zeros(())), "layer", "it has 0 axes"),
    "50 colour": (lambda: Image(np.zeros((64, 512, 4), np.uint8), rgb=True), "layer", "it is in colour"),
    "54 four axes": (lambda: Image(np.zeros((2, 3, 4, 5), np.uint8)), "axes", "nothing tells the axes"),
    "54 others": (lambda: Image(RAW, axis_labels=("wavelength", "y", "x")), "axes", "'wavelength', 'y', 'x'"),
    "54 time": (lambda: Image(RAW, axis_labels=("time", "y", "x")), "time", "has 3 time points"),
    "55 rotated": (lambda: Image(RAW[0], rotate=10), "layer", "rotated or sheared"),
    "55 sheared": (lambda: Image(RAW, shear=(0, 0, 0.2)), "layer", "rotated or sheared"),
    "55 swapped axes": (lambda: Image(RAW[0], affine=SWAP), "layer", "rotated or sheared"),
    "56 mirrored": (lambda: Image(RAW, scale=(1, -1, 1)), "scale", "would be mirrored"),
    "57 no size": (
        lambda: replace(described(RAW), to_world=np.diag([1, np.nan, 1, 1])),
        "layer",
        "no finite",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused(name: str) -> None:
    make, field, words = REFUSED[name]
    layer = make()
    layer = layer if isinstance(layer, ShownLayer) else shown(layer)
    error = refused(replace(layer, title="my layer").image)
    assert error.field == field and words in str(error) and "my layer" in str(error) and error.fix


@pytest.mark.parametrize("axes", ["zy", "zzyx", "abc", "yxtzc", "zyxc", ""])
def test_axes_that_do_not_fit_are_refused(axes: str) -> None:
    error = refused(lambda: shown(Image(RAW, name="my layer")).image(axes))
    assert error.field == "axes" and "(3, 4, 5)" in str(error)


def test_float_labels_are_refused() -> None:  # row 21
    error = refused(lambda: shown(Image(RAW.astype(np.float32), name="probabilities")).labels())
    assert "labels must be integer; probabilities has float32" in str(error)


def test_negative_labels_are_refused_when_read() -> None:  # row 24
    array = shown(Labels(IDS - 1, name="cells")).labels()
    assert "cells has a negative id" in str(refused(lambda: whole(array)))


def test_labels_with_channels_are_refused() -> None:
    layer = Image(RAW, name="cells", axis_labels=("c", "y", "x"))
    assert "cells has 3 channels" in str(refused(shown(layer).labels))


class TestSaving:
    """Layers saved for training."""

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Workspace:
        return Workspace(tmp_path / "workspace")

    def array(self, data: np.ndarray = IDS, axes: str = "zyx") -> Array:
        dims = len(axes.removeprefix("c"))
        return from_numpy(data, axes, (40.0, 4.0, 4.0)[-dims:], (10.0, 20.0, 30.0)[-dims:], "nm")

    def test_a_saved_layer_is_a_source_with_a_relative_path(self, workspace: Workspace) -> None:
        source = save_layer(workspace, "My cells", self.array())
        assert source.path.startswith("labels/my-cells-") and source.path.endswith(".zarr")
        opened = source.open(workspace.path)
        np.testing.assert_array_equal(whole(opened), IDS)
        assert (opened.voxel_size, opened.offset, opened.unit) == ((40, 4, 4), (10, 20, 30), "nm")

    @pytest.mark.parametrize(
        ("axes", "shape"), [("zyx", (1, 4, 5)), ("cyx", (1, 4, 5)), ("czyx", (2, 1, 4, 5))]
    )
    def test_axes_of_length_one_stay(self, workspace: Workspace, axes: str, shape: tuple[int, ...]) -> None:
        source = save_layer(workspace, "thin", self.array(np.ones(shape, np.uint8), axes))
        opened = source.open(workspace.path)
        assert (opened.axes, opened.shape) == (axes, shape)

    def test_a_large_layer_is_written_block_by_block(self, workspace: Workspace) -> None:
        data = np.arange(130 * 70 * 10, dtype=np.uint32).reshape(130, 70, 10)
        counting = Counting(self.array(data))
        source = save_layer(workspace, "large", counting.array)
        np.testing.assert_array_equal(whole(source.open(workspace.path)), data)
        assert counting.voxels == data.size and len(counting.requests) == 6

    def test_ids_beyond_all_signed_integers_survive(self, workspace: Workspace) -> None:  # row 25
        source = save_layer(workspace, "ids", self.array(np.full((2, 2), 2**63 + 5, np.uint64), "yx"))
        assert whole(source.open(workspace.path)).tolist() == [[2**63 + 5] * 2] * 2

    def test_saving_again_takes_the_place_of_the_earlier_one(self, workspace: Workspace) -> None:
        first = save_layer(workspace, "cells", self.array())
        second = save_layer(workspace, "CELLS", self.array(IDS[:2] + 1))
        assert first == second
        np.testing.assert_array_equal(whole(second.open(workspace.path)), IDS[:2] + 1)
        assert len(list(workspace.labels_folder.iterdir())) == 1

    def test_what_cannot_be_read_to_the_end_leaves_the_earlier_one(self, workspace: Workspace) -> None:
        source = save_layer(workspace, "cells", self.array())
        with pytest.raises(UserInputError, match="negative"):
            save_layer(workspace, "cells", shown(Labels(IDS - 1)).labels())
        np.testing.assert_array_equal(whole(source.open(workspace.path)), IDS)
        assert len(list(workspace.labels_folder.iterdir())) == 1

    def test_what_is_not_ours_is_never_replaced(self, workspace: Workspace) -> None:
        place = place_of(workspace, "cells")
        place.mkdir(parents=True)
        (place / "thesis.docx").write_text("years of work")
        with pytest.raises(UserInputError, match="something is there already"):
            save_layer(workspace, "cells", self.array())
        assert (place / "thesis.docx").exists()

    def test_it_says_what_the_layer_was_called(self, workspace: Workspace) -> None:
        save_layer(workspace, "My cells", self.array())
        assert own_attributes(place_of(workspace, "my CELLS")) == {"title": "My cells"}

    def test_channels_keep_their_names(self, workspace: Workspace) -> None:
        array = replace(self.array(np.ones((2, 4, 5), np.uint8), "cyx"), channel_names=("dna", "actin"))
        assert save_layer(workspace, "colours", array).open(workspace.path).channel_names == ("dna", "actin")
