"""Where work is done, in the window: chosen by a saved name, defined on a page, and what trains there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from cheap_workers import start_threads_that_stay, workers_of_this_process
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.local_workers import LocalWorkers
from napari_dacapo.clusters.slurm import Slurm
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components.cluster_choice import ClusterChoice
from napari_dacapo.widgets.training.runs_page import RunsPage
from napari_dacapo.widgets.training.training_queue import TrainingQueue

LONG = 60_000  # milliseconds; more than a busy machine takes


@pytest.fixture(scope="module", autouse=True)
def dask() -> None:
    start_threads_that_stay()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Runs a and b, of which b takes long, and two clusters."""
    found = Workspace(tmp_path)
    run = tiny.run(tmp_path)
    found.store.save(Run, "a", run)
    found.store.save(Run, "b", run.replace(iterations=400))
    found.store.save(Cluster, "institute", Slurm(queue="gpu"))
    found.store.save(Cluster, "two", LocalWorkers(workers=2))
    return found


@pytest.fixture
def queue(qtbot: QtBot, workspace: Workspace) -> Iterator[TrainingQueue]:
    found = TrainingQueue(workspace, "cpu", threads=1)
    yield found
    assert found.shutdown(LONG / 1000) == ""


def press(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_saved_clusters_can_be_chosen_and_here_is_the_first(qtbot: QtBot, workspace: Workspace) -> None:
    choice = ClusterChoice(workspace)
    qtbot.addWidget(choice)
    assert choice.cluster == ThisMachine()
    choice.refresh()
    qtbot.waitUntil(lambda: not choice.background.is_busy, timeout=LONG)
    assert [choice.combo.itemText(i) for i in range(choice.combo.count())] == ["here", "institute", "two"]
    choice.combo.setCurrentText("two")
    assert choice.cluster == LocalWorkers(workers=2)
    workspace.store.delete(Cluster, "two")
    with qtbot.waitSignal(choice.changed, timeout=LONG):
        choice.refresh()
    assert choice.cluster == ThisMachine()


def test_the_page_shows_the_job_script_of_a_queue_and_says_where_there_is_none(
    qtbot: QtBot, workspace: Workspace
) -> None:
    choice = ClusterChoice(workspace)
    qtbot.addWidget(choice)
    choice.show()
    press(qtbot, choice.define)
    page = choice.window_of_clusters
    assert page is not None and page.isVisible()
    assert not page.preview.isEnabled() and "Only queueing systems" in page.preview.toolTip()
    page.open("institute")
    qtbot.waitUntil(page.preview.isEnabled, timeout=LONG)
    press(qtbot, page.preview)
    qtbot.waitUntil(page.script.isVisible, timeout=LONG)
    assert "#SBATCH -p gpu" in page.script.toPlainText()
    choice.close()


@pytest.mark.enable_socket
def test_runs_of_the_queue_train_at_once_on_a_cluster_and_stop_one_by_one(
    qtbot: QtBot, workspace: Workspace, queue: TrainingQueue
) -> None:
    page = RunsPage(workspace, queue)
    qtbot.addWidget(page)
    with workers_of_this_process(2) as cluster:
        workspace.store.save(Cluster, "threads", cluster)
        page.refresh()
        qtbot.waitUntil(lambda: not page.is_busy, timeout=LONG)
        page.new.where.combo.setCurrentText("threads")
        page.new.where.combo.activated.emit(page.new.where.combo.currentIndex())
        for name in ("a", "b"):
            queue.add(name)
        assert [run.state for run in queue.runs] == ["on cluster", "on cluster"]
        with pytest.raises(UserInputError, match="it is training"):
            queue.remove("a")
        qtbot.waitUntil(lambda: queue.runs[0].state == "finished" and queue.runs[1].done > 1, timeout=LONG)
        assert queue.runs[0].done == queue.runs[0].of == 6 and queue.runs[0].best is not None
        page.table.selectRow(1)
        press(qtbot, page.buttons["Stop"])
        qtbot.waitUntil(lambda: queue.runs[1].state == "stopped", timeout=LONG)
    saved = Checkpoints(workspace.run_folder("b") / "checkpoints", workspace.store.read(Run, "b").identity)
    assert 1 < saved.list()[-1].iteration < 400
    assert "to go on" in queue.runs[1].sentence


@pytest.mark.enable_socket
def test_a_cluster_that_does_not_answer_ends_its_runs_and_says_so(
    qtbot: QtBot, workspace: Workspace, queue: TrainingQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    queue.cluster = Slurm()
    queue.add("a")
    qtbot.waitUntil(lambda: queue.runs[0].state == "failed", timeout=LONG)
    assert "has no command sbatch" in queue.runs[0].sentence
