"""One folder holds everything, and only what is ours in it is ever deleted."""

import os
from pathlib import Path

import pytest
from store_faults import FailingDisk
from store_records import Ball, Shape, Trial, state, tree

from napari_dacapo.errors import StoreError, UserInputError
from napari_dacapo.files import slug
from napari_dacapo.store.workspace import MARKER, Workspace, default_workspace


@pytest.fixture
def workspace(tmp_path):
    """A workspace with a trained trial of the name first."""
    workspace = Workspace(tmp_path / "workspace")
    workspace.store.save(Trial, "first", Trial())
    train(workspace, "first")
    return workspace


def train(workspace, name):
    folder = workspace.run_folder(name)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "run.json").touch()
    (folder / "checkpoints" / "1").write_bytes(name.encode())


@pytest.mark.parametrize("exists", [False, True])
def test_a_new_or_empty_folder_becomes_a_workspace_on_first_use(tmp_path, exists):
    path = tmp_path / "some" / "folder"
    if exists:
        path.mkdir(parents=True)
        (path / ".DS_Store").touch()
    workspace = Workspace(path)
    assert not workspace.is_ours()
    workspace.store.save(Shape, "a", Ball())
    assert workspace.is_ours()
    assert (path / "store.json").exists()
    assert Workspace(path).store.names(Shape) == ("a",)


def test_asking_where_things_lie_creates_nothing(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    assert workspace.run_folder("first") == tmp_path / "workspace" / "runs" / slug("first")
    assert workspace.labels_folder == tmp_path / "workspace" / "labels"
    workspace.delete_run("first")
    assert os.listdir(tmp_path) == []


def test_other_files_may_lie_in_a_workspace_and_are_left_alone(tmp_path):
    (tmp_path / "raw.zarr").mkdir()
    (tmp_path / "raw.zarr" / "0").write_bytes(b"years of work")
    (tmp_path / "thesis.docx").touch()
    before = tree(tmp_path)
    Workspace(tmp_path).store.save(Shape, "a", Ball())
    after = tree(tmp_path)
    ours = {MARKER, "store.json", "store.json.backup-000000000"}
    assert {name: data for name, data in after.items() if name not in ours} == before
    assert ours <= set(after)


def test_a_file_in_the_place_of_the_workspace_is_said(tmp_path):
    (tmp_path / "workspace").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        _ = Workspace(tmp_path / "workspace").store


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Exception, match="disk is full"):
        FailingDisk(patch, at=2, fault=28)
        _ = Workspace(tmp_path / "workspace").store


@pytest.mark.parametrize("name", ["../../x", "/etc", "CON", "a" * 300, "细胞", "..", "C:\\x"])
def test_a_run_folder_lies_inside_whatever_the_name(workspace, name):
    folder = workspace.run_folder(name)
    assert folder.parent == workspace.path / "runs"
    assert len(folder.name.encode()) <= 60


def test_names_that_count_as_one_have_one_folder(workspace):
    assert workspace.run_folder("First") == workspace.run_folder("first")


def test_a_moved_workspace_is_whole(workspace, tmp_path):
    os.replace(workspace.path, tmp_path / "moved")
    moved = Workspace(tmp_path / "moved")
    assert moved.store.names(Trial) == ("first",)
    assert (moved.run_folder("first") / "checkpoints" / "1").read_bytes() == b"first"


def test_the_folder_of_a_run_is_renamed_with_it(workspace):
    workspace.rename_run(Trial, "first", "second")
    assert workspace.store.names(Trial) == ("second",)
    assert (workspace.run_folder("second") / "checkpoints" / "1").read_bytes() == b"first"
    assert not workspace.run_folder("first").exists()


def test_a_run_that_was_never_trained_is_renamed(workspace):
    workspace.store.save(Trial, "new", Trial())
    workspace.rename_run(Trial, "new", "newer")
    workspace.rename_run(Trial, "first", "FIRST")
    assert workspace.store.names(Trial) == ("FIRST", "newer")
    assert workspace.run_folder("FIRST").exists()


def test_a_rename_to_a_used_name_changes_neither_record_nor_folder(workspace):
    workspace.store.save(Trial, "second", Trial(number=2))
    before = tree(workspace.path)
    with pytest.raises(UserInputError, match="another Trial has this name"):
        workspace.rename_run(Trial, "first", "second")
    assert tree(workspace.path) == before
    train(workspace, "second")
    before = tree(workspace.path)
    with pytest.raises(UserInputError, match="holds another run"):
        workspace.rename_run(Trial, "first", "second")
    assert tree(workspace.path) == before


def test_a_rename_cut_short_is_completed_by_the_next(workspace):
    os.replace(workspace.run_folder("first"), workspace.run_folder("second"))
    workspace.rename_run(Trial, "first", "second")
    assert workspace.store.names(Trial) == ("second",)
    assert workspace.run_folder("second").exists()


def test_deleting_a_run_folder_leaves_everything_else(workspace):
    train(workspace, "second")
    before = tree(workspace.path)
    workspace.delete_run("second")
    after = tree(workspace.path)
    gone = f"{workspace.run_folder('second').relative_to(workspace.path)}{os.sep}"
    assert after == {name: data for name, data in before.items() if not name.startswith(gone)}
    assert not workspace.run_folder("second").exists()
    assert state(workspace.path / "store.json")


def test_a_link_inside_a_run_is_deleted_not_followed(workspace, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "data").write_bytes(b"years of work")
    (workspace.run_folder("first") / "link").symlink_to(treasure, target_is_directory=True)
    workspace.delete_run("first")
    assert (treasure / "data").read_bytes() == b"years of work"


@pytest.mark.parametrize("linked", ["run", "runs"])
def test_a_run_folder_that_is_a_link_is_not_deleted(workspace, tmp_path, linked):
    folder = workspace.run_folder("first")
    place = folder if linked == "run" else folder.parent
    os.replace(place, tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    before = tree(tmp_path / "elsewhere")
    with pytest.raises(UserInputError, match="is a link or a file"):
        workspace.delete_run("first")
    assert tree(tmp_path / "elsewhere") == before


def test_a_dangling_link_is_not_deleted(workspace, tmp_path):
    workspace.run_folder("gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserInputError, match="is a link or a file"):
        workspace.delete_run("gone")


def test_a_folder_that_is_no_run_is_not_deleted(workspace):
    (workspace.run_folder("first") / "run.json").unlink()
    before = tree(workspace.path)
    with pytest.raises(UserInputError, match=r"holds no run\.json"):
        workspace.delete_run("first")
    assert tree(workspace.path) == before


def test_nothing_is_deleted_without_our_marker(workspace):
    (workspace.path / MARKER).unlink()
    with pytest.raises(UserInputError, match=MARKER):
        workspace.delete_run("first")
    assert workspace.run_folder("first").exists()


def test_a_deletion_cut_short_is_completed_by_the_next(workspace, monkeypatch):
    train(workspace, "second")
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot be written"):
        patch.setattr(os, "rmdir", lambda *path, **options: _refuse())
        workspace.delete_run("first")
    assert not workspace.run_folder("first").exists()
    workspace.delete_run("second")
    assert os.listdir(workspace.path / "runs") == []


def _refuse():
    raise OSError(16, "Device or resource busy")


def test_the_default_workspace_is_in_the_home_folder_unless_a_variable_names_another(monkeypatch):
    monkeypatch.delenv("NAPARI_DACAPO_WORKSPACE", raising=False)
    assert default_workspace().path == Path.home() / "napari-dacapo"
    monkeypatch.setenv("NAPARI_DACAPO_WORKSPACE", "~/elsewhere")
    assert default_workspace().path == Path.home() / "elsewhere"
