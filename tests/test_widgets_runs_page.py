"""The runs page as a person uses it: components to runs, runs to a queue, and what becomes of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QLineEdit

from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.training import training_queue
from napari_dacapo.widgets.training.run_options import RunOptions
from napari_dacapo.widgets.training.runs_page import RunsPage
from napari_dacapo.widgets.training.stored_runs import stored_runs
from napari_dacapo.widgets.training.training_queue import TrainingQueue

LONG = 60_000  # milliseconds; more than a busy machine takes


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A component of each kind and a second trainer; runs that are finished, unfinished and new."""
    root = tmp_path_factory.mktemp("trained") / "space"
    root.mkdir()
    store = Workspace(root).store
    run = tiny.run(root)
    for component in ("datasplit", "architecture", "task", "trainer"):
        record = getattr(run, component)
        store.save(type(record), component, record)
    store.save(Trainer, "fast", run.trainer.replace(learning_rate=0.01))
    for name in ("done", "half", "new"):
        store.save(Run, name, run)
    for name, last in (("done", 6), ("half", 4)):
        folder = RunFolder(Workspace(root).run_folder(name), root)
        steps = train(run.replace(iterations=last), folder, "cpu")
        for _ in steps:
            pass
    return root


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace(tmp_path / "space")


@pytest.fixture
def queue(qtbot: QtBot, workspace: Workspace) -> Iterator[TrainingQueue]:
    found = TrainingQueue(workspace, "cpu", threads=1)
    yield found
    assert found.shutdown(LONG / 1000) == ""


@pytest.fixture
def page(qtbot: QtBot, workspace: Workspace, queue: TrainingQueue) -> Iterator[RunsPage]:
    page = RunsPage(workspace, queue)
    qtbot.addWidget(page)
    page.resize(450, 800)
    page.show()
    settle(qtbot, page)
    yield page
    queue.shutdown()
    settle(qtbot, page)


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs wait for ever."""
    monkeypatch.setattr(training_queue.TrainingQueue, "_begin_next", lambda self: None)


def settle(qtbot: QtBot, page: RunsPage) -> None:
    qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)


def rows(page: RunsPage) -> dict[str, list[str]]:
    columns = range(1, page.table.columnCount())
    return {
        page.table.cell(row, 0).text(): [page.table.cell(row, column).text() for column in columns]
        for row in range(page.table.rowCount())
    }


def select(qtbot: QtBot, page: RunsPage, name: str) -> None:
    found = page.table.findItems(name, Qt.MatchFlag.MatchExactly)
    (item,) = [item for item in found if item.column() == 0]
    page.table.scrollToItem(item)
    qtbot.mouseClick(
        page.table.viewport(), Qt.MouseButton.LeftButton, pos=page.table.visualItemRect(item).center()
    )


def press(qtbot: QtBot, page: RunsPage, text: str) -> None:
    button = page.buttons[text]
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)


def choose_all(page: RunsPage) -> None:
    for names in page.new.lists.values():
        names.selectAll()


def test_every_run_of_the_workspace_is_listed_with_how_it_stands(page: RunsPage) -> None:
    found = rows(page)
    assert {name: (state, iteration) for name, (state, iteration, *_) in found.items()} == {
        "done": ("finished", "6 of 6"),
        "half": ("unfinished", "4 of 6"),
        "new": ("new", "0 of 6"),
    }
    assert found["done"][2].startswith("0.") and found["done"][3].startswith("voi_sum ")
    assert found["new"][2:] == ["", "", ""]


def test_without_runs_the_page_says_how_there_come_some(
    qtbot: QtBot, page: RunsPage, workspace: Workspace
) -> None:
    assert page.said.text() == ""
    for name in ("done", "half", "new"):
        workspace.store.delete(Run, name, confirmed=True)
    page.refresh()
    settle(qtbot, page)
    assert page.said.text().startswith("Train, below, makes a run of what pages 1 to 4 show.")


def test_buttons_say_what_they_do_or_why_not(qtbot: QtBot, page: RunsPage) -> None:
    assert {button.toolTip() for button in page.buttons.values()} == {"Select a run first."}
    select(qtbot, page, "done")
    assert page.said.text() == "All 6 iterations are done."
    assert not page.buttons["Resume"].isEnabled()
    assert page.buttons["Resume"].toolTip() == "Not for a run that is finished."
    select(qtbot, page, "new")
    assert page.buttons["Resume"].isEnabled() and page.buttons["Resume"].text() == "Train"
    assert not page.buttons["Stop"].isEnabled()


def test_a_suggested_length_does_not_take_the_place_of_a_chosen_one(page: RunsPage) -> None:
    for length in (2_000, 5):
        page.new.suggest_length({"iterations": length, "validation_interval": 2})
        assert page.new.options.value == RunOptions(iterations=2_000, validation_interval=2)


def test_several_names_and_repetitions_become_a_queue(
    qtbot: QtBot, page: RunsPage, queue: TrainingQueue, at_rest: None
) -> None:
    assert not page.new.add.isEnabled() and page.new.add.toolTip() == "Choose a saved trainer first."
    choose_all(page)
    page.new.name.setText("grid")
    page.new.repetitions.setValue(2)
    page.new.options.value = RunOptions(iterations=3)
    assert page.new.add.text() == "Add 4 runs to the queue"
    qtbot.mouseClick(page.new.add, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    names = ["grid-fast-0", "grid-fast-1", "grid-trainer-0", "grid-trainer-1"]
    assert [run.name for run in queue.runs] == names
    assert list(rows(page)) == [*names, "done", "half", "new"]


def test_a_name_that_is_taken_is_told_and_nothing_is_queued(
    qtbot: QtBot, page: RunsPage, queue: TrainingQueue, workspace: Workspace, at_rest: None
) -> None:
    choose_all(page)
    page.new.lists["trainer"].setCurrentRow(0)
    page.new.name.setText("done")
    page.new.options.value = RunOptions(iterations=3)
    qtbot.mouseClick(page.new.add, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert "another Run has this name" in page.said.text()
    assert queue.runs == () and workspace.store.names(Run) == ("done", "half", "new")


def test_runs_that_wait_are_moved_and_taken_off(
    qtbot: QtBot, page: RunsPage, queue: TrainingQueue, at_rest: None
) -> None:
    for name in ("half", "new"):
        select(qtbot, page, name)
        press(qtbot, page, "Resume")
    press(qtbot, page, "Up")
    assert [run.name for run in queue.runs] == ["new", "half"]
    assert page.said.text() == "Waits for its turn."
    press(qtbot, page, "Down")
    assert [run.name for run in queue.runs] == ["half", "new"]
    press(qtbot, page, "Remove")
    assert [run.name for run in queue.runs] == ["half"]
    assert rows(page)["new"][0] == "new"


def test_an_unfinished_run_goes_on_to_its_end(qtbot: QtBot, page: RunsPage, queue: TrainingQueue) -> None:
    select(qtbot, page, "half")
    press(qtbot, page, "Resume")
    qtbot.waitUntil(lambda: rows(page)["half"][0] == "finished", timeout=LONG)
    assert rows(page)["half"][1] == "6 of 6"


def test_a_run_that_trains_is_stopped_here_as_well(
    qtbot: QtBot, page: RunsPage, queue: TrainingQueue, workspace: Workspace
) -> None:
    run = workspace.store.read(Run, "new").replace(iterations=100_000, validation_interval=100_000)
    workspace.store.save(Run, "new", run, overwrite=True)
    select(qtbot, page, "new")
    press(qtbot, page, "Resume")
    qtbot.waitUntil(lambda: queue.runs[0].done > 0, timeout=LONG)
    qtbot.waitUntil(lambda: page.buttons["Stop"].isEnabled(), timeout=LONG)
    press(qtbot, page, "Stop")
    qtbot.waitUntil(lambda: rows(page)["new"][0] == "stopped", timeout=LONG)
    assert page.buttons["Resume"].isEnabled()


def test_deleting_asks_and_takes_all_of_it(qtbot: QtBot, page: RunsPage, workspace: Workspace) -> None:
    select(qtbot, page, "done")
    press(qtbot, page, "Delete")
    assert "weights" in page.question.text.text() and workspace.run_folder("done").exists()
    assert page.question.focusWidget() is page.question.no  # a second space deletes nothing
    qtbot.mouseClick(page.question.yes, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert not workspace.run_folder("done").exists()
    assert workspace.store.names(Run) == ("half", "new") and list(rows(page)) == ["half", "new"]


def test_a_run_that_cannot_be_read_is_listed_and_can_be_deleted(
    qtbot: QtBot, page: RunsPage, workspace: Workspace
) -> None:
    store = workspace.path / "store.json"
    store.write_text(store.read_text().replace('"kind": "UNet"', '"kind": "Elsewhere"'))
    page.refresh()
    settle(qtbot, page)
    assert {state for state, *_ in rows(page).values()} == {"unreadable"}
    select(qtbot, page, "new")
    assert "Elsewhere" in page.said.text()
    press(qtbot, page, "Delete")
    qtbot.mouseClick(page.question.yes, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert list(rows(page)) == ["done", "half"]


def test_what_is_copied_trains_the_same_run(qtbot: QtBot, page: RunsPage, workspace: Workspace) -> None:
    select(qtbot, page, "half")
    press(qtbot, page, "Copy command")
    clipboard = QGuiApplication.clipboard()
    assert clipboard.text() == f"napari-dacapo --workspace {workspace.path} train half"
    press(qtbot, page, "Copy Python")
    code = clipboard.text().replace("print(step)", "pass")
    exec(compile(code, "copied", "exec"), {})
    page.refresh()
    settle(qtbot, page)
    assert rows(page)["half"][:2] == ["finished", "6 of 6"]


def test_the_folder_of_a_run_is_opened(
    qtbot: QtBot, page: RunsPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    select(qtbot, page, "done")
    press(qtbot, page, "Folder")
    assert opened == [str(workspace.run_folder("done"))]


def test_trained_runs_are_offered_where_a_run_starts_from_another(qtbot: QtBot, page: RunsPage) -> None:
    page.new.options.value = RunOptions(start=FromRun(run="x"))
    (line,) = [each for each in page.new.options.findChildren(QLineEdit) if each.accessibleName() == "Run"]
    page.activateWindow()
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: line.completer() is not None, timeout=LONG)
    model = line.completer().model()
    assert [model.data(model.index(row, 0)) for row in range(model.rowCount())] == ["done", "half"]


def test_all_scores_of_a_run_are_known_that_which_decides_first(workspace: Workspace) -> None:
    criteria = stored_runs(workspace, {})["half"].criteria
    assert criteria[0] == "voi_sum" and "adapted_rand" in criteria


def test_a_run_is_renamed_with_what_it_learned(qtbot: QtBot, page: RunsPage, workspace: Workspace) -> None:
    select(qtbot, page, "done")
    press(qtbot, page, "Rename")
    assert page.name_question.line.text() == "done"
    qtbot.keyClicks(page.name_question.line, "well done")
    qtbot.keyClick(page.name_question.line, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert "well done" in rows(page) and "done" not in rows(page)
    assert RunFolder(workspace.run_folder("well done"), workspace.path).record.exists()
    select(qtbot, page, "half")
    press(qtbot, page, "Rename")
    qtbot.keyClicks(page.name_question.line, "well done")
    qtbot.mouseClick(page.name_question.yes, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert "half" in rows(page) and "well done" in page.said.text()
