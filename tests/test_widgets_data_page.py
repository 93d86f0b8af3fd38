"""The data page as a person uses it: layers and files become datasets, and a part of them validates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QComboBox, QLineEdit, QPushButton

from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.data.data_page import DataPage
from napari_dacapo.widgets.viewer.shown_layers import OURS

PATIENCE = 30_000  # milliseconds
RAW, IDS = tiny.cells((12, 16, 20), seed=0)
NM = {"scale": (8, 8, 8), "units": ("nm",) * 3, "axis_labels": ("z", "y", "x")}
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def page_of(qtbot, workspace: Workspace) -> Callable[[ViewerModel], DataPage]:
    def end(page: DataPage) -> None:
        page.close_choices()
        looked(qtbot, page)

    def make(viewer: ViewerModel) -> DataPage:
        page = DataPage(viewer, workspace)
        qtbot.addWidget(page, before_close_func=end)
        page.resize(400, 1400)
        page.show()
        return page

    return make


@pytest.fixture
def page(viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]) -> DataPage:
    add_pair(viewer, "cells")
    return page_of(viewer)


def add_pair(viewer: ViewerModel, name: str, raw: np.ndarray = RAW, ids: np.ndarray = IDS) -> None:
    world = {key: value[-ids.ndim :] for key, value in NM.items()}
    viewer.add_image(raw, name=name, **{key: value[-raw.ndim :] for key, value in NM.items()})
    viewer.add_labels(ids.copy(), name=f"{name} truth", **world)


def click(qtbot, button: Any) -> None:
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, LEFT)


def choose(qtbot, combo: QComboBox, place: int) -> None:
    """With the keys."""
    combo.setFocus()
    steps = place - combo.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(combo, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)


def looked(qtbot, page: DataPage) -> None:
    """Until nothing more is done."""
    qtbot.waitUntil(lambda: not page.background.is_busy and not page._timer.isActive(), timeout=PATIENCE)


def use(qtbot, page: DataPage) -> None:
    click(qtbot, page.use)
    looked(qtbot, page)


def add(qtbot, page: DataPage) -> None:
    click(qtbot, page.layers.add)
    looked(qtbot, page)


def roles(page: DataPage) -> list[tuple[str, bool]]:
    return [(entry.dataset.title, entry.validates) for entry in page.record.entries]


# --- datasets ---


def test_a_new_page_says_what_to_do(viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]) -> None:
    page = page_of(viewer)
    assert page.said.text().startswith("Choose an image and its labels")
    assert page.use.toolTip().startswith("Choose a layer for: image, labels. ") and not page.use.isEnabled()
    assert "Convert to Labels" in page.said.text()  # napari opens ids of 8 and 16 bits as images
    assert "first pair" in page.layers.add.toolTip() or not page.layers.add.isEnabled()


def test_a_new_page_tells_of_what_was_saved(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    add_pair(viewer, "a")
    first = page_of(viewer)
    use(qtbot, first)
    click(qtbot, first.row.button)
    looked(qtbot, first)
    page = page_of(viewer)
    qtbot.waitUntil(lambda: page.row.saved.isEnabled(), timeout=PATIENCE)
    assert page.said.text().endswith("or add files. What was saved is opened above.")


def test_layers_that_come_after_the_page_are_chosen_by_themselves(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    page = page_of(viewer)
    choices = page.choices
    viewer.add_image(IDS.astype(np.uint16), name="a truth")  # as napari opens a file of labels
    add_pair(viewer, "b")
    assert (choices["image"].layer.name, choices["labels"].layer.name) == ("a truth", "b truth")
    viewer.layers.remove("a truth")  # napari does so to convert it
    assert page.said.text() == "The layer a truth was removed; choose another one."
    viewer.add_labels(IDS.astype(np.uint16), name="a truth")
    assert page.said.text() == "Press Use these layers, choose others, or add files."
    assert (choices["image"].layer.name, choices["labels"].layer.name) == ("b", "b truth")
    choose(qtbot, choices["labels"].combo.native, 2)
    add_pair(viewer, "c")
    assert (choices["image"].layer.name, choices["labels"].layer.name) == ("b", "a truth")


def test_tab_goes_down_the_page(qtbot, page: DataPage) -> None:
    page.row.name.setFocus()
    heights = []
    for _ in range(9):  # to the details
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        heights.append(page.focusWidget().mapTo(page, QPoint(0, 0)).y())
    assert heights == sorted(heights) and heights[-1] > page.add_files.mapTo(page, QPoint(0, 0)).y()


def test_labels_of_a_part_of_the_image_are_told(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    add_pair(viewer, "a", ids=IDS[:, :12])
    page = page_of(viewer)
    use(qtbot, page)
    whole, part = (" x ".join(map(str, array.shape)) for array in (RAW, IDS[:, :12]))
    assert f"a: {whole} voxels, labels for {part} of them of 8 x 8 x 8 nm" in page.said.text()


def test_a_stack_of_one_slice_is_a_picture(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    viewer.add_image(RAW[:1], name="one")
    viewer.add_labels(IDS[:1], name="one truth")
    page = page_of(viewer)
    use(qtbot, page)
    assert page.facts is not None and page.facts.shape == (16, 20)  # no network in 3D fits into it


def test_what_is_not_painted_may_be_unknown(qtbot, page: DataPage) -> None:
    choose(qtbot, page.layers.unpainted, 1)
    use(qtbot, page)
    assert page.record.dataset.unlabelled == "zero"
    page.choices["labels"].layer.paint((0, 0, 0), 3)
    click(qtbot, page.use_again)
    looked(qtbot, page)
    assert page.record.dataset.unlabelled == "zero"


def test_what_is_not_painted_is_chosen_for_each_labels_layer(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    strokes = np.zeros_like(IDS)
    strokes[3, :2, :9], strokes[5, 4, :5] = 1, 2
    viewer.add_image(RAW, name="raw", **NM)
    for name, ids in {"strokes": strokes, "dense": IDS, "more strokes": strokes.copy()}.items():
        viewer.add_labels(ids, name=name, **NM)
    page = page_of(viewer)
    labels, unpainted = page.choices["labels"].combo.native, page.layers.unpainted
    places = {labels.itemText(place): place for place in range(labels.count())}
    choose(qtbot, labels, places["strokes"])
    choose(qtbot, unpainted, 1)
    for name, expected in {"dense": 0, "more strokes": 1, "strokes": 1}.items():
        choose(qtbot, labels, places[name])
        assert unpainted.currentIndex() == expected, name
    choose(qtbot, labels, places["dense"])
    choose(qtbot, unpainted, 1)
    choose(qtbot, labels, places["strokes"])
    choose(qtbot, unpainted, 0)
    choose(qtbot, labels, places["dense"])
    assert unpainted.currentIndex() == 1  # as a person said of it


def test_a_chosen_layer_that_is_renamed_stays_chosen(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    add_pair(viewer, "cells")
    add_pair(viewer, "more")
    page = page_of(viewer)
    labels = page.choices["labels"]
    assert labels.layer is viewer.layers["cells truth"]
    viewer.layers["cells truth"].name = "a better name"
    assert labels.layer is viewer.layers["a better name"] and page.use.isEnabled()
    assert labels.combo.native.currentText() == "a better name"
    assert labels.combo.tooltip == "The layer of the labels.\na better name"


def test_one_pair_of_layers_holds_out_a_fifth_of_its_longest_axis(qtbot, page: DataPage) -> None:
    use(qtbot, page)
    assert isinstance(page.record, HeldOutSlab)
    assert (page.record.axis, page.record.fraction) == ("x", 0.2)
    assert "copied into the workspace" in page.said.text()
    assert page.held_out.isVisible() and not page.datasets.roles[0].isVisible()


def test_five_pairs_are_added_by_one_click_each(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    for name in "abcde":
        add_pair(viewer, name)
    page = page_of(viewer)
    use(qtbot, page)
    for _ in "bcde":
        add(qtbot, page)
    assert isinstance(page.record, ListedDatasets) and not page.held_out.isVisible()
    assert roles(page) == [("a", False), ("c", False), ("d", False), ("e", False), ("b", True)]
    assert page.facts is not None and page.obstacle == ""


@pytest.fixture
def three(qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]) -> DataPage:
    for name in "abc":
        add_pair(viewer, name)
    page = page_of(viewer)
    use(qtbot, page)
    add(qtbot, page)
    add(qtbot, page)
    assert roles(page) == [("a", False), ("c", False), ("b", True)]
    return page


def test_a_dataset_is_told_to_validate(qtbot, three: DataPage) -> None:
    choose(qtbot, three.datasets.roles[0], 1)
    looked(qtbot, three)
    assert roles(three) == [("c", False), ("a", True), ("b", True)]


def test_the_last_that_trains_cannot_be_told_to_validate(qtbot, three: DataPage) -> None:
    choose(qtbot, three.datasets.roles[0], 1)
    looked(qtbot, three)
    choose(qtbot, three.datasets.roles[0], 1)
    looked(qtbot, three)
    assert "none of them trains" in three.said.text()
    assert three.datasets.roles[0].currentText() == "trains"


def test_taking_datasets_away_leaves_one_that_holds_a_part_out(qtbot, three: DataPage) -> None:
    click(qtbot, three.datasets.crosses[0])
    looked(qtbot, three)
    assert roles(three) == [("c", False), ("b", True)]
    click(qtbot, three.datasets.crosses[1])
    looked(qtbot, three)
    assert isinstance(three.record, HeldOutSlab) and three.record.dataset.title == "c"


def test_a_saved_datasplit_shows_its_datasets(qtbot, three: DataPage, workspace: Workspace) -> None:
    listed = three.record
    workspace.store.save(DataSplit, "listed", listed)
    use(qtbot, three)
    three.open("listed")
    looked(qtbot, three)
    assert three.record == listed and len(three.datasets.roles) == 3


# --- files ---


@pytest.fixture
def files(tmp_path: Path) -> Path:
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(tmp_path / "raw.zarr", RAW, **world)
    write_ome_zarr(tmp_path / "labels.zarr", IDS, **world)
    return tmp_path


def type_paths(qtbot, page: DataPage, *paths: Path) -> None:
    """Into the lines that have a button for a file, from top to bottom."""
    buttons = [each for each in page.files.form.findChildren(QPushButton) if each.text() == "File…"]
    for button, path in zip(buttons, paths, strict=True):
        qtbot.keyClicks(button.parent().findChild(QLineEdit), str(path))


def test_files_are_added_beside_layers_and_stay_where_they_are(qtbot, page: DataPage, files: Path) -> None:
    use(qtbot, page)
    click(qtbot, page.add_files)
    assert not page.files.add.isEnabled() and "raw" in page.files.add.toolTip()
    type_paths(qtbot, page, files / "raw.zarr", files / "labels.zarr")
    click(qtbot, page.files.add)
    looked(qtbot, page)
    assert roles(page) == [("cells", False), ("raw", True)]
    assert not page.files.isVisible()
    assert len(list(page.workspace.labels_folder.iterdir())) == 2  # of the layers only


def test_the_images_of_a_folder_are_added_one_by_one(qtbot, page: DataPage, tmp_path: Path) -> None:
    for name, values in (("raw", RAW), ("labels", IDS)):
        (tmp_path / name).mkdir()
        for z, plane in enumerate(values[:3]):
            np.save(tmp_path / name / f"image {z}.npy", plane)
    click(qtbot, page.add_files)
    click(qtbot, page.files.separate)
    type_paths(qtbot, page, tmp_path / "raw", tmp_path / "labels")
    click(qtbot, page.files.add)
    looked(qtbot, page)
    assert roles(page) == [("image 0", False), ("image 2", False), ("image 1", True)]
    click(qtbot, page.show_regions)
    looked(qtbot, page)
    names = [layer.name for layer in page._viewer.layers][2:]
    assert names == ["image 0 raw", "image 0 truth", "image 0 trains"]  # all lie in one place
    assert "3 images are read from where they are. Of all, 1 validate" in page.said.text()


def test_files_are_seen_with_what_trains_of_them(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage], files: Path
) -> None:
    page = page_of(viewer)
    click(qtbot, page.add_files)
    type_paths(qtbot, page, files / "raw.zarr", files / "labels.zarr")
    click(qtbot, page.files.add)
    looked(qtbot, page)
    click(qtbot, page.show_regions)
    looked(qtbot, page)
    assert [layer.name for layer in viewer.layers] == ["raw raw", "raw truth", "raw trains", "raw validates"]
    np.testing.assert_array_equal(np.asarray(viewer.layers["raw raw"].data), RAW)


def test_files_of_fractions_are_no_labels(qtbot, page: DataPage, files: Path) -> None:  # row 21
    np.save(files / "fractions.npy", IDS.astype(np.float32))
    click(qtbot, page.add_files)
    type_paths(qtbot, page, files / "raw.zarr", files / "fractions.npy")
    click(qtbot, page.files.add)
    looked(qtbot, page)
    assert "labels must be integer" in page.said.text()


def test_a_file_that_cannot_be_opened_is_told_and_the_form_stays(qtbot, page: DataPage, files: Path) -> None:
    use(qtbot, page)
    click(qtbot, page.add_files)
    type_paths(qtbot, page, files / "gone.zarr", files / "labels.zarr")
    click(qtbot, page.files.add)
    looked(qtbot, page)
    assert "no such file" in page.said.text()
    assert page.files.isVisible() and page.files.isEnabled() and len(page.record.entries) == 1


# --- what validates ---


def test_the_slider_says_how_much_validates_and_of_what_side(qtbot, page: DataPage) -> None:
    use(qtbot, page)
    choose(qtbot, page.held_out.side, 1)
    choose(qtbot, page.held_out.axis, 1)
    page.held_out.share.setFocus()
    slider = page.held_out.share
    slider.setValue(25)
    qtbot.waitUntil(lambda: getattr(page.record, "fraction", 0) == 0.25, timeout=PATIENCE)
    looked(qtbot, page)
    assert (page.record.axis, page.record.side) == ("y", "start")
    assert page.facts is not None


def rectangle(page: DataPage, *corners: tuple[float, float, float]) -> None:
    page.drawn_box.layer.add_rectangles([np.array(corners)])


PLANE = ((40, 20, 10), (40, 20, 90), (40, 100, 90), (40, 100, 10))


def let_draw(qtbot, page: DataPage) -> None:
    with qtbot.waitSignal(page.drawn_box.ready, timeout=PATIENCE):
        click(qtbot, page.held_out.button)


@pytest.fixture
def drawn(qtbot, page: DataPage) -> DataPage:
    use(qtbot, page)
    let_draw(qtbot, page)
    rectangle(page, *PLANE)
    qtbot.waitUntil(lambda: isinstance(page.record, HeldOutBox), timeout=PATIENCE)
    looked(qtbot, page)
    return page


def test_a_rectangle_holds_out_a_box_through_all_slices(drawn: DataPage) -> None:
    assert drawn.record.begin == (-4, 20, 10) and drawn.record.end == (92, 100, 90)
    assert "a box validates: -4..92, 20..100, 10..90" in drawn.held_out.where.text()
    assert {layer.name for layer in drawn._viewer.layers} >= {"cells trains", "cells validates"}
    assert drawn._viewer.layers.selection.active is drawn.drawn_box.layer


def test_moving_the_rectangle_moves_the_box(qtbot, drawn: DataPage) -> None:
    moved = np.add(PLANE, (0, 0, 16))
    drawn.drawn_box.layer.data = [moved]
    qtbot.waitUntil(lambda: drawn.record.begin == (-4, 20, 26), timeout=PATIENCE)


def test_moving_the_layer_of_the_rectangle_moves_the_box(qtbot, drawn: DataPage) -> None:
    drawn.drawn_box.layer.name = "mine"
    drawn.drawn_box.layer.translate = (0, 8, 0)
    qtbot.waitUntil(lambda: drawn.record.begin == (-4, 28, 10), timeout=PATIENCE)


def test_a_turned_rectangle_holds_out_the_box_around_it(qtbot, drawn: DataPage) -> None:
    drawn.drawn_box.layer.affine = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    qtbot.waitUntil(lambda: drawn.record.begin == (-4, 10, 20), timeout=PATIENCE)  # y and x change places
    assert drawn.record.end == (92, 90, 100)


def test_a_rectangle_over_layers_in_micrometers_is_held_out_in_nanometers(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    add_pair(viewer, "cells")
    for layer in viewer.layers:
        layer.scale, layer.units = (0.008,) * 3, ("um",) * 3
    page = page_of(viewer)
    use(qtbot, page)
    let_draw(qtbot, page)
    rectangle(page, *(np.array(PLANE) / 1000).tolist())
    qtbot.waitUntil(lambda: isinstance(page.record, HeldOutBox), timeout=PATIENCE)
    assert page.record.begin == pytest.approx((-4, 20, 10)) and page.record.end == pytest.approx(
        (92, 100, 90)
    )


def test_removing_the_rectangles_layer_leaves_the_box(qtbot, drawn: DataPage) -> None:
    before = drawn.record
    drawn._viewer.layers.remove(drawn.drawn_box.layer)
    qtbot.wait(200)
    assert drawn.record == before
    let_draw(qtbot, drawn)
    assert drawn.drawn_box.layer in drawn._viewer.layers


def test_a_rectangle_beside_the_data_is_told(qtbot, drawn: DataPage) -> None:
    before = drawn.record
    rectangle(drawn, (40, 900, 900), (40, 900, 950), (40, 950, 950), (40, 950, 900))
    qtbot.waitUntil(lambda: "beside the data" in drawn.said.text(), timeout=PATIENCE)
    assert drawn.record == before


def test_the_slider_takes_the_place_of_the_box(qtbot, drawn: DataPage) -> None:
    drawn.held_out.share.setValue(40)
    qtbot.waitUntil(lambda: isinstance(drawn.record, HeldOutSlab), timeout=PATIENCE)
    looked(qtbot, drawn)
    assert drawn.record.fraction == 0.4 and drawn.held_out.where.text() == ""


def test_layers_of_what_validates_follow_and_are_there_once(qtbot, page: DataPage) -> None:
    use(qtbot, page)
    click(qtbot, page.show_regions)
    looked(qtbot, page)
    page.held_out.share.setValue(50)
    qtbot.wait(200)
    looked(qtbot, page)
    regions = [each for each in page._viewer.layers if str(each.metadata.get(OURS, "")).startswith("regions")]
    assert [each.name for each in regions] == ["cells trains", "cells validates"]
    assert page.choices["labels"].layer.name == "cells truth"  # those of the regions are never chosen
    assert regions[1].scale[2] == 80  # its one voxel is half of 160


def test_a_box_without_labels_in_it_is_told(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    half = IDS.copy()
    half[..., 10:] = 0
    add_pair(viewer, "cells", RAW, half)
    page = page_of(viewer)
    use(qtbot, page)
    assert "another part validate" in page.obstacle and page.obstacle in page.said.text()


# --- layers that are changed, and files that they come from ---


def test_painting_after_the_layers_were_used_asks_to_use_them_again(qtbot, page: DataPage) -> None:
    use(qtbot, page)
    assert not page.use_again.isVisible()
    labels = page._viewer.layers["cells truth"]
    labels.paint((3, 3, 3), 99)
    assert "labels (cells truth)" in page.outdated.text() and page.use_again.isVisible()
    click(qtbot, page.use_again)
    looked(qtbot, page)
    assert not page.use_again.isVisible()
    (training,) = page.record.training(page.workspace.path)
    assert whole(training.labels)[3, 3, 3] == 99


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: setattr(layer, "data", IDS + 1),
        lambda layer: setattr(layer, "scale", (9, 8, 8)),
        lambda layer: setattr(layer, "translate", (1, 0, 0)),
        lambda layer: layer.fill((0, 0, 0), 77),
    ],
    ids=["data", "scale", "translate", "fill"],
)
def test_every_change_of_a_used_layer_is_noticed(qtbot, page: DataPage, change: Callable) -> None:
    use(qtbot, page)
    change(page._viewer.layers["cells truth"])
    assert page.use_again.isVisible()


def test_an_undo_is_noticed_and_looking_at_other_slices_is_no_change(qtbot, page: DataPage) -> None:
    labels = page._viewer.layers["cells truth"]
    labels.paint((3, 3, 3), 99)
    use(qtbot, page)
    page._viewer.dims.set_point(0, 40)
    labels.refresh()
    assert not page.use_again.isVisible()
    labels.undo()
    assert page.use_again.isVisible()


def test_painting_while_the_layers_are_saved_is_noticed(qtbot, page: DataPage) -> None:
    click(qtbot, page.use)
    page._viewer.layers["cells truth"].paint((3, 3, 3), 99)
    looked(qtbot, page)
    assert page.use_again.isVisible()


def test_a_layer_removed_while_it_is_saved_is_saved(qtbot, page: DataPage) -> None:
    click(qtbot, page.use)
    page._viewer.layers.remove("cells truth")
    looked(qtbot, page)
    (training,) = page.record.training(page.workspace.path)
    np.testing.assert_array_equal(whole(training.labels), IDS)
    assert page.choices["labels"].layer is None and not page.use_again.isVisible()


def test_while_layers_are_saved_nothing_else_is_started(qtbot, page: DataPage) -> None:
    click(qtbot, page.use)
    assert not page.use.isEnabled() and page.use.toolTip() == "The layers are being saved."
    looked(qtbot, page)
    assert page.use.isEnabled()


# --- bad input: each is a sentence, and the page goes on ---


def add_image_and_labels(viewer: ViewerModel, raw: np.ndarray, ids: Any, **properties: Any) -> None:
    viewer.add_image(raw, name="cells", **properties)
    viewer.add_labels(ids, name="truth")


def turned(viewer: ViewerModel) -> None:
    add_pair(viewer, "cells")
    viewer.layers["cells"].rotate = 20


def sheared(viewer: ViewerModel) -> None:
    add_pair(viewer, "cells")
    viewer.layers["cells truth"].shear = (0.5, 0, 0)


def mirrored(viewer: ViewerModel) -> None:
    add_pair(viewer, "cells")
    viewer.layers["cells truth"].scale = (-8, 8, 8)


def elsewhere(viewer: ViewerModel) -> None:
    add_pair(viewer, "cells")
    viewer.layers["cells truth"].translate = (0, 0, 9e5)


BAD = {
    "24 negative labels": (lambda v: add_image_and_labels(v, RAW, -IDS.astype(int)), "negative id"),
    "33 no number": (lambda v: add_image_and_labels(v, np.full((8, 8), np.nan), IDS[0]), "NaN or infinite"),
    "35 constant": (lambda v: add_image_and_labels(v, np.ones((12, 16, 20)), IDS), "constant 1"),
    "28 no labels": (lambda v: add_image_and_labels(v, RAW, IDS * 0), "voxels are labelled"),
    "49 2D and 3D": (lambda v: add_image_and_labels(v, RAW[0], IDS), "3D"),
    "46 elsewhere": (elsewhere, "does not overlap"),
    "54 untold axes": (lambda v: add_image_and_labels(v, np.ones((2, 3, 8, 8)), IDS[0]), "axes"),
    "55 turned": (turned, "rotated or sheared"),
    "55 sheared": (sheared, "rotated or sheared"),
    "56 mirrored": (mirrored, "mirrored"),
    "44 units": (lambda v: add_image_and_labels(v, RAW, IDS, units=("s",) * 3), "length"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Non-orthogonal")  # of layers that lie nowhere
@pytest.mark.parametrize("row", BAD)
def test_layers_that_cannot_be_used_are_told_in_a_sentence(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage], row: str
) -> None:
    fill, words = BAD[row]
    fill(viewer)
    page = page_of(viewer)
    use(qtbot, page)
    assert words in page.said.text()
    assert page.obstacle or page.problem
    assert len(page.said.text()) <= 900 and "Traceback" not in page.said.text()
    assert page.use.isEnabled()


def test_labels_of_another_shape_are_used_where_they_lie_over_the_image(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:  # row 41
    add_image_and_labels(viewer, RAW, IDS[:, :, :9])
    page = page_of(viewer)
    use(qtbot, page)
    assert page.facts is not None and page.facts.region.size == (12, 16, 9)


def test_the_colours_of_a_picture_are_shown_to_be_channels(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    raw = np.random.default_rng(0).integers(0, 255, (16, 20, 3), np.uint8)
    add_image_and_labels(viewer, raw, IDS[0], rgb=True)
    page = page_of(viewer)
    letters = page.layers.axes["image"].letters  # row 50
    assert letters.isVisible() and letters.currentText() == "yxc" and letters.count() == 1
    use(qtbot, page)
    assert page.facts is not None and page.facts.channels == 3


def test_one_time_point_is_chosen(
    qtbot, viewer: ViewerModel, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    add_image_and_labels(viewer, RAW, IDS[0])
    page = page_of(viewer)
    axes = page.layers.axes["image"]
    assert axes.letters.currentText() == "zyx" and not axes.point.isVisible()
    viewer.dims.set_current_step(0, 4)
    choose(qtbot, axes.letters, axes.letters.findText("tyx"))
    assert axes.point.isVisible() and axes.point.maximum() == 11
    assert axes.point.value() == 4  # as on the screen
    qtbot.keyClick(axes.point, Qt.Key.Key_Up)
    use(qtbot, page)
    (training,) = page.record.training(page.workspace.path)
    np.testing.assert_array_equal(whole(training.plain_raw), RAW[5])


def test_a_workspace_that_cannot_be_written_is_told(qtbot, page: DataPage) -> None:
    page.workspace.path.parent.mkdir(exist_ok=True)
    page.workspace.path.write_text("a file in its place")
    use(qtbot, page)
    assert "refused" in page.said.text() or "cannot be written" in page.said.text()
    assert page.use.isEnabled()


# --- in a real window ---


def test_a_person_draws_the_box_with_the_mouse(
    qtbot, make_napari_viewer: Callable, page_of: Callable[[ViewerModel], DataPage]
) -> None:
    viewer = make_napari_viewer()
    add_pair(viewer, "cells")
    page = page_of(viewer)
    use(qtbot, page)
    let_draw(qtbot, page)
    assert page.said.text() == "Draw a rectangle over the image; what lies in it will validate."
    canvas = viewer.window._qt_viewer.canvas.native
    centre = QPoint(canvas.width() // 2, canvas.height() // 2)
    qtbot.mousePress(canvas, LEFT, pos=centre - QPoint(40, 40))
    for step in range(-30, 41, 10):
        qtbot.mouseMove(canvas, centre + QPoint(step, step))
        qtbot.wait(20)
    qtbot.mouseRelease(canvas, LEFT, pos=centre + QPoint(40, 40))
    qtbot.waitUntil(lambda: isinstance(page.record, HeldOutBox), timeout=PATIENCE)
    looked(qtbot, page)
    assert (page.record.begin[0], page.record.end[0]) == (-4, 92)
    assert all(e - b > 1 for b, e in zip(page.record.begin[1:], page.record.end[1:], strict=True))
