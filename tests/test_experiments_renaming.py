"""Another name for a run: what starts from it follows, in the store and where it was trained."""

from pathlib import Path

import pytest
import tiny

from napari_dacapo.errors import StoreError, UserInputError
from napari_dacapo.experiments.renaming import rename_run
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.store.workspace import Workspace


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.run(tmp_path_factory.mktemp("data"))


@pytest.fixture
def workspace(tmp_path: Path, base: Run) -> Workspace:
    """ "second" and "third" start from "first", only "second" was begun; "other" starts from none."""
    found = Workspace(tmp_path / "space")
    starts = {
        "first": Scratch(),
        "second": FromRun(run="First", criterion="voi_sum"),
        "third": FromRun(run="first", iteration=3),
        "other": Scratch(),
    }
    for name, start in starts.items():
        found.store.save(Run, name, base.replace(start=start))
    for name in ("first", "second"):
        folder(found, name).save_run(found.store.read(Run, name))
    return found


def folder(workspace: Workspace, name: str) -> RunFolder:
    return RunFolder(workspace.run_folder(name), workspace.path)


def starts(workspace: Workspace) -> dict[str, str]:
    runs = {name: workspace.store.read(Run, name).start for name in workspace.store.names(Run)}
    return {name: start.run.casefold() for name, start in runs.items() if isinstance(start, FromRun)}


def test_runs_that_start_from_it_follow(workspace: Workspace) -> None:
    assert rename_run(workspace, "first", "base") == ("second", "third")
    assert workspace.store.names(Run) == ("base", "other", "second", "third")
    assert starts(workspace) == {"second": "base", "third": "base"}
    assert folder(workspace, "base").record.exists() and not folder(workspace, "first").record.exists()


def test_what_was_trained_of_a_follower_still_is_the_same_run(workspace: Workspace) -> None:
    rename_run(workspace, "FIRST", "base")
    trained, stored = folder(workspace, "second").saved_run(), workspace.store.read(Run, "second")
    assert trained == stored and stored.start == FromRun(run="base", criterion="voi_sum")


@pytest.mark.parametrize("new_name", ["other", "", "a/b"])
def test_a_name_that_cannot_be_changes_nothing(workspace: Workspace, new_name: str) -> None:
    with pytest.raises(UserInputError):
        rename_run(workspace, "first", new_name)
    assert starts(workspace) == {"second": "first", "third": "first"}
    assert folder(workspace, "second").saved_run() == workspace.store.read(Run, "second")
    assert folder(workspace, "first").record.exists()


def test_while_a_follower_is_in_use_nothing_is_renamed(workspace: Workspace) -> None:
    with folder(workspace, "third").alone(), pytest.raises(StoreError, match="third"):
        rename_run(workspace, "first", "base")
    assert "first" in workspace.store.names(Run) and starts(workspace)["third"] == "first"


def test_a_run_that_starts_from_itself_is_renamed(workspace: Workspace, base: Run) -> None:
    workspace.store.save(Run, "other", base.replace(start=FromRun(run="other")), overwrite=True)
    assert rename_run(workspace, "other", "loop") == ()
    assert "loop" in workspace.store.names(Run)
