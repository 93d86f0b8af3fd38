"""Models and projects on their way in and out of the window, as a person brings them."""

import shutil
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command_line import fill
from dacapo_projects import PROJECT, RUN, write_project
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QCheckBox, QFileDialog, QLineEdit

from napari_dacapo.experiments import importing as importing_engine
from napari_dacapo.experiments.exporting import export, graph
from napari_dacapo.experiments.exporting.export import export_model
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.experiments.training.train import train
from napari_dacapo.from_dacapo import project
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.task import Task
from napari_dacapo.widgets.applying.applied_work import trained_runs
from napari_dacapo.widgets.dock import DaCapo
from napari_dacapo.widgets.exchange import exchanged
from napari_dacapo.widgets.exchange.exchange_page import ExchangePage
from napari_dacapo.widgets.exchange.exchange_row import ExchangeRow
from napari_dacapo.widgets.exchange.export_page import ExportPage
from napari_dacapo.widgets.exchange.import_dacapo_page import ImportDacapoPage
from napari_dacapo.widgets.exchange.import_model_page import ImportModelPage
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.training.stored_runs import stored_runs

LONG = 60_000  # milliseconds; more than a busy machine takes
NO_READER = find_spec("bioimageio.spec") is None if find_spec("bioimageio") else True
needs_reader = pytest.mark.skipif(NO_READER, reason="the extra bioimageio is not installed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained run "first", and its package beside the workspace."""
    root = tmp_path_factory.mktemp("trained") / "space"
    run = fill(root, iterations=2, validation_interval=2)
    folder = RunFolder(Workspace(root).run_folder("first"), root)
    for _ in train(run, folder, "cpu"):
        pass
    result_of(export_model(folder, root.parent / "model.zip"))
    return root


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    shutil.copy(template.parent / "model.zip", tmp_path)
    return Workspace(tmp_path / "space")


def settle(qtbot: QtBot, page: ExchangePage) -> None:
    qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)


def press(qtbot: QtBot, page: ExchangePage, button: QAbstractButton | None = None) -> str:
    """What the page says then."""
    pressed = page.button if button is None else button
    assert pressed.isEnabled(), pressed.toolTip()
    qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    return page.said.text()


def type_path(qtbot: QtBot, page: ExchangePage, form: Form, path: Path) -> None:
    line = form.findChildren(QLineEdit)[0]
    line.selectAll()
    qtbot.keyClicks(line, str(path))
    settle(qtbot, page)


class Halted:
    """A function of the engine that waits until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        function = getattr(module, name)

        def halted(*arguments: Any) -> Any:
            self.reached.set()
            self.go_on.wait(LONG / 1000)
            return function(*arguments)

        monkeypatch.setattr(module, name, halted)


def press_and_cancel(qtbot: QtBot, page: ExchangePage, halted: Halted) -> str:
    """What the page says when it was cancelled at that place."""
    qtbot.mouseClick(page.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(halted.reached.is_set, timeout=LONG)
    qtbot.waitUntil(page.cancel.isVisible, timeout=LONG)
    qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    assert page.said.text() == "Stops after this step …" and not page.cancel.isEnabled()
    halted.go_on.set()
    settle(qtbot, page)
    assert page.button.isEnabled() and not page.cancel.isVisible()
    return page.said.text()


def paths(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


# --- out ---


@pytest.fixture
def exporting(qtbot: QtBot, workspace: Workspace) -> ExportPage:
    page = ExportPage(workspace)
    qtbot.addWidget(page)
    page.show()
    page.show_run("first")
    settle(qtbot, page)
    return page


def test_a_run_is_written_for_others_and_nothing_is_replaced_without_asking(
    qtbot: QtBot, workspace: Workspace, exporting: ExportPage
) -> None:
    assert exporting.weights.currentText().startswith("the best by voi_sum, of iteration 2")
    target = workspace.path / "exported" / "first.zip"
    assert press(qtbot, exporting) == f"first with its weights of iteration 2 lies in {target}."
    before = target.stat().st_mtime_ns
    press(qtbot, exporting)
    assert exporting.question.text.text() == "first.zip is there already. Replace it?"
    assert target.stat().st_mtime_ns == before
    press(qtbot, exporting, exporting.question.yes)
    assert target.stat().st_mtime_ns > before


def test_each_format_says_what_it_is_for_and_names_the_file(qtbot: QtBot, exporting: ExportPage) -> None:
    exporting.formats.setCurrentIndex(exporting.formats.findData("torchscript"))
    assert "torch.jit.load" in exporting.purpose.text() and not exporting.card.isVisible()
    assert exporting.target.path is not None and exporting.target.path.name == "first.pt"
    press(qtbot, exporting)
    assert exporting.target.path.is_file()


def test_a_chosen_file_gets_the_ending_of_its_format(
    qtbot: QtBot, exporting: ExportPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = str(tmp_path / "mine"), ""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: chosen)
    qtbot.mouseClick(exporting.target.button, Qt.MouseButton.LeftButton)
    assert exporting.target.path == tmp_path / "mine.zip"
    exporting.formats.setCurrentIndex(exporting.formats.findData("onnx"))
    assert exporting.target.path == tmp_path / "mine.onnx"


@pytest.mark.parametrize(
    ("form", "name", "sentence"),
    [
        ("torchscript", "model.txt", "files of torchscript end with .pt. Call it model.pt."),
        ("bioimageio", "runs", "a folder of something else is there. Choose a new name."),
    ],
)
def test_a_place_that_cannot_be_written_is_told(
    qtbot: QtBot, workspace: Workspace, exporting: ExportPage, form: str, name: str, sentence: str
) -> None:
    exporting.formats.setCurrentIndex(exporting.formats.findData(form))
    exporting.target.line.selectAll()
    qtbot.keyClicks(exporting.target.line, str(workspace.path / name))
    assert press(qtbot, exporting).endswith(sentence)


def test_what_is_not_installed_is_told_with_the_line_that_brings_it(
    qtbot: QtBot, exporting: ExportPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "find_spec", lambda name: None)
    exporting.formats.setCurrentIndex(exporting.formats.findData("onnx"))
    assert "pip install 'napari-dacapo[onnx]'" in press(qtbot, exporting)
    assert exporting.target.path is not None and not exporting.target.path.exists()


def test_a_run_without_weights_cannot_be_exported_and_says_so(
    qtbot: QtBot, workspace: Workspace, exporting: ExportPage
) -> None:
    workspace.store.save(Run, "new", workspace.store.read(Run, "first"))
    exporting.show_run("new")
    settle(qtbot, exporting)
    assert not exporting.button.isEnabled()
    assert exporting.button.toolTip().startswith("Nothing was trained in")


def test_the_button_says_which_runs_can_be_exported(qtbot: QtBot, workspace: Workspace) -> None:
    row = ExchangeRow(workspace)
    qtbot.addWidget(row)
    assert row.export.toolTip() == "Select a run first."
    row.offer("new", "new")
    assert row.export.toolTip() == "It is not trained yet: train it first."
    row.offer("first", "finished")
    assert row.export.isEnabled()


@pytest.mark.parametrize(("module", "name"), [(export, "load_trained"), (graph, "_off")])
def test_an_export_that_is_cancelled_writes_nothing(
    qtbot: QtBot,
    workspace: Workspace,
    exporting: ExportPage,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
) -> None:
    before = paths(workspace.path)
    said = press_and_cancel(qtbot, exporting, Halted(monkeypatch, module, name))
    assert said == "Cancelled; nothing was changed." and paths(workspace.path) == before


# --- in ---


@pytest.fixture
def importing(qtbot: QtBot, workspace: Workspace) -> ImportModelPage:
    page = ImportModelPage(workspace)
    qtbot.addWidget(page)
    page.show()
    settle(qtbot, page)
    return page


@needs_reader
def test_a_package_becomes_a_run_that_can_be_applied(
    qtbot: QtBot, workspace: Workspace, importing: ImportModelPage
) -> None:
    workspace.store.save(Task, "classes", OneHot())
    type_path(qtbot, importing, importing.file, workspace.path.parent / "model.zip")
    assert ": 3D, from 1 channel of an image to affinity_z1, affinity_y1, " in importing.told.text()
    offered = [importing.task.itemText(place) for place in range(importing.task.count())]
    assert offered == ["as it was exported: Affinities", "edges"]  # not classes
    with qtbot.waitSignal(importing.imported, timeout=LONG):
        assert press(qtbot, importing) == "model is a run now: apply it on the page Apply."
    assert trained_runs(workspace) == ("first", "model")
    assert stored_runs(workspace, {})["model"].state == "imported"
    assert "a run with weights has it. Choose another name." in press(qtbot, importing)
    again = exchanged.look_at_model(workspace, workspace.path.parent / "model.zip")
    assert again.name == "model-2"  # is suggested the next time


@needs_reader
def test_an_import_that_is_cancelled_leaves_no_run(
    qtbot: QtBot, workspace: Workspace, importing: ImportModelPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_path(qtbot, importing, importing.file, workspace.path.parent / "model.zip")
    before = paths(workspace.path)
    said = press_and_cancel(qtbot, importing, Halted(monkeypatch, importing_engine, "_untrained"))
    assert said == "Cancelled; nothing was changed." and paths(workspace.path) == before
    assert workspace.store.names(Run) == ("first",)


@needs_reader
@pytest.mark.parametrize(
    ("name", "sentence"),
    [("store.json", "it is no package of bioimage.io"), ("nowhere.zip", "no such file")],
)
def test_a_wrong_file_is_told_where_it_was_chosen(
    qtbot: QtBot, workspace: Workspace, importing: ImportModelPage, name: str, sentence: str
) -> None:
    assert importing.button.toolTip() == "Choose a package of bioimage.io."
    type_path(qtbot, importing, importing.file, workspace.path / name)
    assert sentence in importing.told.text() and not importing.button.isEnabled()
    assert importing.button.toolTip() == importing.told.text()


@pytest.fixture
def bringing(qtbot: QtBot, workspace: Workspace) -> ImportDacapoPage:
    page = ImportDacapoPage(workspace)
    qtbot.addWidget(page)
    page.show()
    return page


def test_a_folder_without_records_of_dacapo_is_told(
    qtbot: QtBot, workspace: Workspace, bringing: ImportDacapoPage
) -> None:
    assert bringing.button.toolTip() == "Choose the folder of a DaCapo project."
    type_path(qtbot, bringing, bringing.project, workspace.path)
    assert "it holds no records of DaCapo" in press(qtbot, bringing)
    assert bringing.report.isHidden()


def test_records_of_the_same_names_are_replaced_only_where_that_is_wanted(
    qtbot: QtBot, workspace: Workspace, bringing: ImportDacapoPage, tmp_path: Path
) -> None:
    before = workspace.store.read(Run, "first")
    type_path(
        qtbot, bringing, bringing.project, write_project(tmp_path / "theirs", {**PROJECT, "runs": [RUN]})
    )
    assert "nothing was imported" in press(qtbot, bringing)
    assert workspace.store.read(Run, "first") == before
    weights, overwrite = bringing.project.findChildren(QCheckBox)
    qtbot.keyClick(weights, Qt.Key.Key_Space)
    qtbot.keyClick(overwrite, Qt.Key.Key_Space)
    assert press(qtbot, bringing) == "2 added, 3 replaced, 0 already there. 0 not taken over."
    assert workspace.store.read(Run, "first") != before


def test_what_was_taken_over_of_a_project_before_it_was_cancelled_is_told(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ImportDacapoPage(Workspace(tmp_path / "fresh"))
    qtbot.addWidget(page)
    page.show()
    runs = [{**RUN, "name": name} for name in ("one", "two")]
    type_path(qtbot, page, page.project, write_project(tmp_path / "theirs", {"runs": runs}))
    with qtbot.waitSignal(page.imported, timeout=LONG):
        said = press_and_cancel(qtbot, page, Halted(monkeypatch, project, "newest_checkpoint"))
    assert said.startswith("Cancelled; the report tells what was taken over before. 6 added")
    assert page.workspace.store.names(Run) == ("one", "two")
    *_, one, two, _ = page.report.toPlainText().splitlines()
    assert one == "weights of one: there are none"
    assert two == "weights of two: not taken over yet, import again"


def test_a_project_is_reported_field_by_field_and_appears_in_the_lists(
    qtbot: QtBot, make_napari_viewer: Callable, workspace: Workspace, tmp_path: Path
) -> None:
    strange = {"__type__": "StrangeTaskConfig", "name": "odd"}
    records = {"tasks": [*PROJECT["tasks"], strange], "runs": [{**RUN, "name": "old"}]}
    others = {"cells": "cells of old", "small": "small of old"}
    for part in ("datasplit_config", "architecture_config"):
        own = records["runs"][0][part]
        records["runs"][0][part] = {**own, "name": others[own["name"]]}
    dock = DaCapo(make_napari_viewer(), workspace)
    qtbot.addWidget(dock)
    dock.tabs.setCurrentWidget(dock.runs)
    dock.show()
    qtbot.mouseClick(dock.runs.exchange.dacapo, Qt.MouseButton.LeftButton)
    page = dock.runs.exchange.dacapo_page
    assert page is not None and page.isVisible()
    type_path(qtbot, page, page.project, write_project(tmp_path / "theirs", records))
    assert press(qtbot, page).startswith("5 added, 0 replaced, 0 already there. 1 not taken over. ")
    report = page.report.toPlainText().splitlines()
    assert "task affs: taken over as Affinities" in report
    assert any(line.startswith("task odd: not taken over.") for line in report)
    qtbot.waitUntil(lambda: dock.task.row.saved.findText("affs") > 0, timeout=LONG)
    qtbot.waitUntil(lambda: bool(dock.runs.table.findItems("old", Qt.MatchFlag.MatchExactly)), timeout=LONG)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.isHidden()
    qtbot.waitUntil(lambda: not dock.runs.is_busy, timeout=LONG)
