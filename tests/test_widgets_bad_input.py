"""What a person can do wrong in the window, by the rows of the catalogue of bad input.

Each is answered by one sentence in the page, never by a traceback, and the page goes on. Other rows are in
`test_widgets_data_page`, `test_widgets_apply_page`, `test_widgets_forms_problems` and `test_widgets_dock`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.data.data_page import DataPage

PATIENCE = 30_000  # milliseconds
LONGEST = 300  # characters of a sentence
RAW, IDS = tiny.cells((12, 16, 20), seed=0)
NM: dict[str, Any] = {"scale": (8, 8, 8), "units": ("nm",) * 3, "axis_labels": ("z", "y", "x")}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def end(qtbot: QtBot, page: ComponentPage) -> None:
    qtbot.waitUntil(lambda: not page.background.is_busy, timeout=PATIENCE)


@pytest.fixture
def page_of(qtbot: QtBot, workspace: Workspace) -> Callable[[ViewerModel], DataPage]:
    def close(page: DataPage) -> None:
        page.close_choices()
        end(qtbot, page)

    def make(viewer: ViewerModel) -> DataPage:
        page = DataPage(viewer, workspace)
        qtbot.addWidget(page, before_close_func=close)
        page.show()
        return page

    return make


def press(qtbot: QtBot, page: DataPage, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.background.is_busy and not page._timer.isActive(), timeout=PATIENCE)


def is_one_sentence(text: str, words: str) -> bool:
    """Whether a line tells it, and none is too long or for programmers."""
    lines = text.splitlines()
    is_told = any(words in line for line in lines) and all(len(line) <= LONGEST for line in lines)
    return is_told and "Traceback" not in text and "unexpected error" not in text


def layers(raw: Any = RAW, ids: Any = IDS, **properties: Any) -> Callable[[ViewerModel], None]:
    def fill(viewer: ViewerModel) -> None:
        viewer.add_image(raw, name="cells", contrast_limits=(0, 255), **{**NM, **properties})
        viewer.add_labels(ids, name="truth", **NM)

    return fill


def moved(**properties: Any) -> Callable[[ViewerModel], None]:
    """The labels, after they were added."""

    def fill(viewer: ViewerModel) -> None:
        layers()(viewer)
        for name, value in properties.items():
            setattr(viewer.layers["truth"], name, value)

    return fill


def masked(mask: Any) -> Callable[[ViewerModel], None]:
    def fill(viewer: ViewerModel) -> None:
        layers()(viewer)
        viewer.add_labels(mask, name="mask", **NM)

    return fill


def unplugged(viewer: ViewerModel) -> None:
    """The drive of the image is gone after the layer was opened."""
    gone: list[bool] = []

    def read(block: np.ndarray) -> np.ndarray:
        if gone:
            raise OSError(5, "the drive is gone")
        return block

    layers(dask.array.from_array(RAW, chunks=-1).map_blocks(read, dtype=RAW.dtype, meta=RAW[:0]))(viewer)
    gone.append(True)


WARNED = ("45 half a voxel off",)  # it trains all the same
REFUSED = {
    "31 an empty mask": (masked(np.zeros_like(IDS)), "mask"),
    "34 infinite": (layers(np.full(RAW.shape, np.inf, np.float32)), "NaN or infinite"),
    "43 sizes that do not divide": (moved(scale=(8, 5, 8)), "8"),
    "45 half a voxel off": (moved(translate=(4, 0, 0)), "voxel"),
    "47 nothing in it": (layers(RAW[:0], IDS[:0]), "cells"),
    "53 a drive that is gone": (unplugged, "drive is gone"),
}
ACCEPTED = {
    "23 labels of yes and no": layers(ids=IDS > 3),
    "25 ids beyond 2**63": layers(ids=np.where(IDS > 0, IDS.astype(np.uint64) + 2**63, 0)),
    "29 one object everywhere": layers(ids=np.ones_like(IDS)),
    "36 intensities of 16 bits": layers(RAW.astype(np.uint16) * 257),
    "39 bytes in the other order": layers(RAW.astype(">u2")),
    "40 a view that is turned round": layers(np.asfortranarray(RAW)[::-1]),
    "62 two layers of one name": lambda viewer: (layers()(viewer), viewer.add_image(RAW, name="cells", **NM)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of a layer without voxels
@pytest.mark.parametrize("row", REFUSED)
def test_layers_that_cannot_be_used_are_told(
    qtbot: QtBot, page_of: Callable[[ViewerModel], DataPage], row: str
) -> None:
    fill, words = REFUSED[row]
    viewer = ViewerModel()
    fill(viewer)
    page = page_of(viewer)
    if "mask" in viewer.layers:
        page.choices["mask"].choose(viewer.layers["mask"])
    press(qtbot, page, page.use)
    assert is_one_sentence(page.said.text(), words), page.said.text()
    assert page.obstacle or page.problem or row in WARNED
    assert page.use.isEnabled()


@pytest.mark.parametrize("row", ACCEPTED)
def test_odd_layers_are_taken_as_they_are(
    qtbot: QtBot, page_of: Callable[[ViewerModel], DataPage], row: str
) -> None:
    viewer = ViewerModel()
    ACCEPTED[row](viewer)
    page = page_of(viewer)
    press(qtbot, page, page.use)
    assert not page.obstacle, page.said.text()
    assert "Traceback" not in page.said.text()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Volumes that cannot be read, each in its own way."""
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    for name in ("133 torn", "135 codec", "136 empty", "138 huge", "labels"):
        write_ome_zarr(tmp_path / name, IDS if name == "labels" else RAW, **world)
    chunk = next(
        each for each in (tmp_path / "133 torn" / "0").rglob("*") if each.is_file() and each.name == "0"
    )
    chunk.write_bytes(chunk.read_bytes()[:-9])
    (tmp_path / "136 empty" / "0" / "zarr.json").write_text("")
    for name, change in (
        ("135 codec", {"codecs": [{"name": "bytes"}, {"name": "magic"}]}),
        ("138 huge", {"shape": [10**5] * 3, "chunk_grid": _chunks_of(10**5)}),
    ):
        record = tmp_path / name / "0" / "zarr.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | change))
    (tmp_path / "130 text").write_text("not an image")
    (tmp_path / "130 folder").mkdir()
    (tmp_path / "130 cut.tif").write_bytes(b"II*\0\x08")
    return tmp_path


def _chunks_of(side: int) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": [side] * 3}}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("127 gone.zarr", "127 gone.zarr"),
        ("130 text", "130 text"),
        ("130 folder", "130 folder"),
        ("130 cut.tif", "130 cut.tif"),
        ("133 torn", "133 torn"),
        ("135 codec", "magic"),
        ("136 empty", "136 empty"),
        ("138 huge", "138 huge"),
    ],
)
def test_files_that_cannot_be_read_are_told_and_the_form_stays(
    qtbot: QtBot, page_of: Callable[[ViewerModel], DataPage], files: Path, name: str, words: str
) -> None:
    page = page_of(ViewerModel())
    qtbot.mouseClick(page.add_files, Qt.MouseButton.LeftButton)
    raw, labels = (File(path=str(files / each)) for each in (name, "labels"))
    assert page.files.form is not None
    page.files.form.value = Dataset(title="cells", raw=raw, labels=labels)
    page.files.form.changed.emit()
    press(qtbot, page, page.files.add)
    assert is_one_sentence(page.said.text(), words), page.said.text()
    assert page.obstacle or page.problem


@pytest.fixture
def trainers(qtbot: QtBot, workspace: Workspace) -> ComponentPage:
    page = ComponentPage(Trainer, workspace, "gentle", Trainer())
    qtbot.addWidget(page, before_close_func=lambda page: end(qtbot, page))
    page.show()
    end(qtbot, page)
    return page


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="1"),
        pytest.param("../../x", id="5"),
        pytest.param("/etc/passwd", id="6"),
        pytest.param("nul.txt", id="7"),
        pytest.param("a\x07b", id="8"),
        pytest.param("n" * 300, id="9"),
    ],
)
def test_names_that_cannot_be_are_told(trainers: ComponentPage, name: str) -> None:
    trainers.row.name.setText(name)
    trainers.row.name.textEdited.emit(name)
    assert is_one_sentence(trainers.said.text(), "ame"), trainers.said.text()
    assert not trainers.row.button.isEnabled()


@pytest.mark.parametrize("name", [pytest.param("雪 🧠", id="10"), pytest.param("1e5", id="12")])
def test_odd_names_are_names(qtbot: QtBot, trainers: ComponentPage, workspace: Workspace, name: str) -> None:
    trainers.row.name.selectAll()
    trainers.row.name.insert(name)
    trainers.row.name.textEdited.emit(name)
    qtbot.mouseClick(trainers.row.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.is_ours() and name in workspace.store.names(Trainer), timeout=PATIENCE)


@pytest.mark.parametrize(
    ("row", "content"),
    [
        ("92 cut in half", '{"schema": 1, "reco'),
        ("94 nothing", ""),
        ("94 zeros", "\0" * 40),
        ("96 a list", "[]"),
        ("98 newer", '{"schema": 99, "records": {}}'),
    ],
)
def test_a_damaged_store_is_told_and_left_as_it_is(
    qtbot: QtBot, workspace: Workspace, row: str, content: str
) -> None:
    workspace.store.save(Trainer, "gentle", Trainer())
    for path in workspace.path.glob("store.json*"):
        path.write_text(content)
    page = ComponentPage(Trainer, workspace, "gentle", Trainer())
    qtbot.addWidget(page, before_close_func=lambda page: end(qtbot, page))
    end(qtbot, page)
    assert is_one_sentence(page.said.text(), "store.json"), page.said.text()
    assert (workspace.path / "store.json").read_text() == content
