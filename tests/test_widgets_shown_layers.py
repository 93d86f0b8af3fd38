"""Results in a viewer: added once, brought up to date in place, whatever a person did to their layers."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.layers.coming import WAITS
from napari_dacapo.layers.layer import LayerData, image, labels
from napari_dacapo.widgets.viewer.shown_layers import show, showing, shown
from napari_dacapo.widgets.viewer.slices import BEYOND, slices_elsewhere
from napari_dacapo.widgets.viewer.world import view_of

HERE, THERE = (80.0, 0.0, 0.0), (160.0, 8.0, 0.0)  # nm


def result(value: int, offset: tuple[float, ...] = HERE, side: int = 4, dtype: Any = np.uint8) -> LayerData:
    array = from_numpy(np.full((side,) * 3, value, dtype), "zyx", (8.0,) * 3, offset, "nm")
    return image(array, f"result {value}", (0.0, 255.0))


def pixel(layer: Any) -> float:
    return float(np.asarray(layer.data)[0, 0, 0])


def test_a_result_is_brought_up_to_date_in_its_layer() -> None:
    viewer = ViewerModel()
    show(viewer, "key", [result(1)])
    (layer,) = viewer.layers
    layer.visible, layer.opacity = False, 0.5
    show(viewer, "key", [result(2, THERE, side=6)])
    assert list(viewer.layers) == [layer]
    assert (layer.name, pixel(layer), layer.data.shape) == ("result 2", 2, (6, 6, 6))
    assert layer.translate.tolist() == [164.0, 12.0, 4.0]  # the middle of the first voxel
    assert (layer.visible, layer.opacity) == (False, 0.5)


def test_what_is_new_is_drawn_and_told_once_for_each_layer_and_is_there_at_once() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((50, 100, 100)), scale=(8.0,) * 3, translate=(4.0,) * 3, units="nm", name="raw")
    show(viewer, "key", [result(1), result(2)])
    viewer.dims.set_point(0, 180.0)
    counted: Counter[str] = Counter()
    for layer in viewer.layers[1:]:
        for event in (layer.events.data, layer.events.set_data):
            event.connect(lambda event: counted.update([event.type]))
    turns = showing(viewer, "key", [result(3, THERE, side=6), result(4, THERE, side=6), result(5)])
    next(turns)  # the third one is still to be added
    assert [layer.name for layer in viewer.layers] == ["raw", "result 3", "result 4"]
    assert counted == {"data": 2, "set_data": 2}
    assert [layer.get_value((180.0, 20.0, 20.0), world=True) for layer in viewer.layers] == [0, 3, 4]
    assert next(turns, None) is None and len(viewer.layers) == 4


def test_a_hidden_layer_shows_the_newest_when_it_is_shown() -> None:
    viewer = ViewerModel()
    show(viewer, "key", [result(1)])
    (layer,) = viewer.layers
    layer.visible = False
    for value in (2, 3):
        show(viewer, "key", [result(value, THERE)])
    layer.visible = True
    assert layer.get_value((180.0, 20.0, 20.0), world=True) == 3


def test_a_layer_that_was_moved_stays_there_until_the_result_lies_elsewhere() -> None:
    viewer = ViewerModel()
    show(viewer, "key", [result(1)])
    (layer,) = viewer.layers
    layer.translate = (0.0, 0.0, 1000.0)
    show(viewer, "key", [result(2)])
    assert layer.translate.tolist() == [0.0, 0.0, 1000.0]
    show(viewer, "key", [result(3, THERE)])
    assert layer.translate.tolist() == [164.0, 12.0, 4.0]


def test_a_layer_that_was_deleted_comes_again() -> None:
    viewer = ViewerModel()
    show(viewer, "key", [result(1), result(2)])
    viewer.layers.remove("result 1")
    show(viewer, "key", [result(3), result(4)])
    assert sorted(layer.name for layer in viewer.layers) == ["result 3", "result 4"]


def test_layers_that_a_result_has_no_more_go_and_those_of_others_stay() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4, 4)), name="mine")
    show(viewer, "key", [result(1), result(2), result(3)])
    show(viewer, "key/1", [result(4)])
    at_once: Counter[str] = Counter()
    for event in (viewer.layers.events.removed, viewer.layers.events.end_batch):
        event.connect(lambda event: at_once.update([event.type]))
    show(viewer, "key", [result(5)])
    assert at_once == {"removed": 2, "end_batch": 1}
    assert [layer.name for layer in viewer.layers] == ["mine", "result 5", "result 4"]


def test_a_person_goes_on_looking_at_the_same_place_when_channels_are_an_axis_more() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((50, 100, 100)), scale=(8.0,) * 3, units="nm")
    viewer.canvas.size = (600, 800)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 300.0, 200.0), 5.0
    viewer.dims.set_point(0, 80.0)
    seen = view_of(viewer)
    channels = from_numpy(np.ones((3, 4, 4, 4), np.uint8), "czyx", (8.0,) * 3, HERE, "nm")
    show(viewer, "key", [image(channels, "prediction", (0.0, 255.0))])
    assert viewer.dims.ndim == 4
    assert (view_of(viewer).begin[1:], view_of(viewer).end[1:]) == (seen.begin, seen.end)


def test_a_layer_that_waits_looks_and_lies_as_what_comes_and_takes_nothings_place() -> None:
    viewer = ViewerModel()
    data, properties, kind = result(0, side=1, dtype=np.float32)
    waiting: LayerData = data, {**properties, "visible": False, "metadata": {WAITS: True}}, kind
    show(viewer, "key", [waiting])
    (layer,) = viewer.layers
    assert not layer.visible
    data, properties, kind = result(7, THERE)
    show(viewer, "key", [(data, {**properties, "contrast_limits": (5.0, 9.0)}, kind)])
    assert list(viewer.layers) == [layer] and layer.visible and pixel(layer) == 7
    assert layer.contrast_limits == [5.0, 9.0]
    assert layer.translate.tolist() == [164.0, 12.0, 4.0]
    show(viewer, "key", [waiting])
    assert layer.visible and pixel(layer) == 7


def test_the_first_that_is_there_to_see_is_looked_at() -> None:
    viewer = ViewerModel()
    viewer.canvas.size = (600, 600)
    data, properties, kind = result(0, side=1)
    show(viewer, "key", [(data, {**properties, "visible": False, "metadata": {WAITS: True}}, kind)])
    show(viewer, "key", [result(7, THERE, side=6)])  # 160 to 208 nm, 8 to 56 nm, 0 to 48 nm
    seen = view_of(viewer)
    assert 160 < seen.begin[0] < 208 and seen.end[1] - seen.begin[1] < 60
    np.testing.assert_allclose(np.add(seen.begin, seen.end)[1:] / 2, (32.0, 24.0))
    viewer.scene.camera.center = (0.0, 0.0, 500.0)
    show(viewer, "key", [result(8, THERE), result(9, THERE)])
    assert viewer.scene.camera.center == (0.0, 0.0, 500.0)  # then a person looks where they look


IDS = labels(from_numpy(np.ones((4, 4, 4), np.uint8), "zyx", (8.0,) * 3, HERE, "nm"), "ids")


@pytest.mark.parametrize("other", [result(2, dtype=np.float32), IDS], ids=["fractions", "ids"])
def test_what_a_layer_cannot_show_takes_its_place(other: LayerData) -> None:
    viewer = ViewerModel()
    show(viewer, "key", [result(1)])
    show(viewer, "key", [other])
    assert [layer.name for layer in viewer.layers] == [other[1]["name"]]


def test_over_layers_in_micrometers_results_are_in_micrometers() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 9, 9)), scale=(0.016,) * 3, units="um")
    show(viewer, "key", [result(1, THERE)])
    layer = viewer.layers["result 1"]
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
    np.testing.assert_allclose(layer.scale, [0.008] * 3)
    np.testing.assert_allclose(layer.translate, [0.164, 0.012, 0.004])


@pytest.mark.parametrize(("unit", "size"), [("um", 0.01), ("nm", 10.0), ("pixel", 10.0)])
def test_a_view_is_flat_in_the_slice_and_as_wide_as_the_canvas_in_the_engines_world(
    unit: str, size: float
) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((50, 100, 100)), scale=(size,) * 3, units=unit)
    viewer.canvas.size = (600, 800)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (
        (0.0, 30 * size, 40 * size),
        20 / size,
    )  # pixels of the screen
    viewer.dims.set_point(0, 7 * size)
    box = view_of(viewer)
    # 600 pixels are 30 voxels of 10 nm, 800 are 40
    np.testing.assert_allclose(box.begin, (70.0, 150.0, 200.0))
    np.testing.assert_allclose(box.end, (70.0, 450.0, 600.0))


def test_a_view_in_3d_is_as_deep_as_it_is_wide() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((50, 100, 100)))
    viewer.dims.ndisplay = 3
    viewer.canvas.size = (600, 800)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (25.0, 50.0, 50.0), 20.0
    assert view_of(viewer) == Box((5.0, 35.0, 30.0), (45.0, 65.0, 70.0))


def test_layers_that_are_not_on_the_screen_tell_the_slices_that_show_them() -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((50, 100, 100)), scale=(8.0,) * 3, translate=(4.0,) * 3, units="nm")
    viewer.dims.set_point(0, 84.0)
    channels = from_numpy(np.ones((3, 4, 4, 4), np.uint8), "czyx", (8.0,) * 3, THERE, "nm")
    for layers, told in (
        ([result(1, HERE)], ""),
        ([result(1, THERE)], "z 20 to 23"),
        ([result(1, THERE), result(1, THERE, side=2)], "z 20 to 21"),
        ([result(1, THERE, side=1)], "z 20"),
        ([image(channels, "prediction", (0.0, 255.0))], "z 20 to 23"),
    ):
        show(viewer, "key", layers)
        assert slices_elsewhere(viewer, shown(viewer, "key")) == told
    viewer.dims.set_point(1, 180.0)
    assert slices_elsewhere(viewer, shown(viewer, "key")) == ""


@pytest.mark.parametrize("unit", ["nm", "um"])
def test_layers_beside_what_is_zoomed_in_on_are_told(unit: str) -> None:
    viewer = ViewerModel()
    size = {"nm": 8.0, "um": 0.008}[unit]
    viewer.add_image(np.zeros((100, 100)), scale=(size,) * 2, units=unit)
    square = from_numpy(np.ones((4, 4), np.uint8), "yx", (8.0,) * 2, (400.0, 80.0), "nm")
    show(viewer, "key", [image(square, "result", (0.0, 255.0))])
    assert slices_elsewhere(viewer, shown(viewer, "key")) == ""
    viewer.canvas.size, viewer.scene.camera.zoom = (100, 100), 10 / size  # ten voxels are on the screen
    viewer.scene.camera.center = (52 * size, 60 * size)
    assert slices_elsewhere(viewer, shown(viewer, "key")) == BEYOND
    viewer.scene.camera.center = (52 * size, 15 * size)
    assert slices_elsewhere(viewer, shown(viewer, "key")) == ""


def test_what_a_person_paints_on_stays_selected() -> None:
    viewer = ViewerModel()
    painted = viewer.add_labels(np.zeros((4, 4, 4), np.uint8))
    show(viewer, "first", [result(1)])
    assert viewer.layers.selection.active is not painted  # napari selects what is new
    viewer.layers.selection.active, painted.mode = painted, "paint"
    show(viewer, "second", [result(2)])
    assert viewer.layers.selection.active is painted and painted.mode == "paint"


def test_what_was_waited_for_is_not_drawn_in_slices_that_it_does_not_reach(make_napari_viewer) -> None:
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((50, 4, 4)), scale=(8.0,) * 3, units="nm")
    data, properties, kind = result(1)
    show(viewer, "key", [(data, properties | {"visible": False, "metadata": {WAITS: True}}, kind)])
    viewer.dims.set_point(0, 0.0)
    show(viewer, "key", [result(2, THERE)])
    layer = viewer.layers["result 2"]
    node = viewer.window._qt_viewer.canvas.layer_to_visual[layer].node
    assert layer.visible and not node.visible
    viewer.dims.set_point(0, 164.0)
    assert node.visible
