"""Another name for a run."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.store.names import checked_name, folded
from napari_dacapo.store.workspace import Workspace


def rename_run(workspace: Workspace, name: str, new_name: str) -> tuple[str, ...]:
    """Rename a run with all that was trained of it; the names of the runs that start from it and follow.

    Raises UserInputError where the new name is taken, StoreError where one of them is in use; nothing is
    changed then. A crash in between is mended by the same call again.
    """
    followers = _followers(workspace, name, checked_name(new_name))
    with ExitStack() as held:
        for each in (name, *followers):
            held.enter_context(_folder(workspace, each).alone())
        _follow(workspace, followers, name, new_name)
        try:
            workspace.rename_run(Run, name, new_name)
        except DacapoError:
            _follow(workspace, followers, new_name, name)
            raise
    return followers


def _followers(workspace: Workspace, name: str, new_name: str) -> tuple[str, ...]:
    """The runs that start from that one."""
    found = []
    for other in workspace.store.names(Run):
        with suppress(UserInputError):  # what cannot be read cannot follow either
            start = workspace.store.read(Run, other).start
            if folded(other) != folded(name) and start.renamed(name, new_name) is not start:
                found.append(other)
    return tuple(found)


def _follow(workspace: Workspace, followers: tuple[str, ...], name: str, new_name: str) -> None:
    """In the store, and in what was trained: the two must stay equal to go on."""
    for each in followers:
        run, folder = workspace.store.read(Run, each), _folder(workspace, each)
        workspace.store.save(Run, each, _renamed(run, name, new_name), instead_of=run)
        if folder.record.exists():
            folder.save_run(_renamed(folder.saved_run(), name, new_name))


def _renamed(run: Run, name: str, new_name: str) -> Run:
    return run.replace(start=run.start.renamed(name, new_name))


def _folder(workspace: Workspace, name: str) -> RunFolder:
    return RunFolder(workspace.run_folder(name), workspace.path)
