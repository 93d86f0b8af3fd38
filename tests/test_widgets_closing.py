"""Whatever ends the window, what trains is saved and what is applied leaves no trace; then it goes on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import VARIABLE, Workspace
from napari_dacapo.widgets.training.footer import Footer
from napari_dacapo.widgets.training.training_queue import TrainingQueue

LONG = 60_000  # milliseconds; more than a busy machine takes
PROGRAM = Path(__file__).with_name("window_to_close.py")
RUN = "endless"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run that was stopped after two of a million iterations, and its folder beside."""
    workspace = Workspace(tmp_path_factory.mktemp("template") / "space")
    run = tiny.run(workspace.path, iterations=1_000_000, validation_interval=1_000_000)
    workspace.store.save(Run, RUN, run)
    steps = train(run, RunFolder(workspace.run_folder(RUN), workspace.path), "cpu", threads=1)
    for _ in range(2):
        next(steps)
    steps.close()
    return workspace.path


@pytest.fixture
def workspace(tmp_path: Path, template: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace(tmp_path / "space")


def saved_iteration(workspace: Workspace) -> int:
    run = workspace.store.read(Run, RUN)
    return Checkpoints(workspace.run_folder(RUN) / "checkpoints", run.identity).list()[-1].iteration


@pytest.mark.parametrize(
    ("work", "way"),
    [("train", "window"), ("train", "dock_alone"), ("train", "terminate"), ("apply", "window")],
)
def test_closing_asks_nothing_saves_and_ends_well(workspace: Workspace, work: str, way: str) -> None:
    command = [sys.executable, str(PROGRAM), str(workspace.path), work, way]
    environment = {**os.environ, VARIABLE: str(workspace.path), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        begun = int(program.stdout.readline())
        questions = program.stdout.read().strip()
        code = program.wait()
    assert (code, questions) == (0, "0")
    last = History(workspace.run_folder(RUN)).read().iterations.iteration[-1]
    assert saved_iteration(workspace) == last and (work == "apply" or last >= begun)
    unfinished = list((workspace.path / "applied").glob("*"))  # the same command goes on from its blocks
    assert len(unfinished) == (work == "apply") and all((each / ".blocks").is_dir() for each in unfinished)


@pytest.fixture
def footer(qtbot: QtBot, workspace: Workspace) -> Iterator[Footer]:
    queue = TrainingQueue(workspace, "cpu", threads=1)
    footer = Footer(queue)
    qtbot.addWidget(footer)
    footer.show()
    yield footer
    assert queue.shutdown(LONG / 1000) == ""


def test_an_unfinished_run_is_offered_and_goes_on_where_it_stopped(
    qtbot: QtBot, footer: Footer, workspace: Workspace
) -> None:
    qtbot.waitUntil(footer.unfinished.isVisible, timeout=LONG)
    assert footer.unfinished.said.text() == "1 unfinished run"
    assert "endless: 2 of 1,000,000 iterations" in footer.unfinished.resume.toolTip()
    qtbot.mouseClick(footer.unfinished.resume, Qt.MouseButton.LeftButton)
    assert not footer.unfinished.isVisible()
    qtbot.waitUntil(lambda: "Trains, iteration" in footer.said.text(), timeout=LONG)
    qtbot.mouseClick(footer.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "stopped after" in footer.said.text().lower(), timeout=LONG)
    iterations = History(workspace.run_folder(RUN)).read().iterations.iteration.tolist()
    assert iterations == list(range(1, saved_iteration(workspace) + 1)) and len(iterations) > 2
