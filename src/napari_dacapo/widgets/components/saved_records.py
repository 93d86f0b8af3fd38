"""What pages ask of the store. Called in threads: making a store may create its folder."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.files import atomic_write
from napari_dacapo.from_dacapo.project import bring
from napari_dacapo.store.exchange import read_export
from napari_dacapo.store.workspace import Workspace

Family = type[Config]


def names(workspace: Workspace, family: Family) -> tuple[str, ...]:
    return workspace.store.names(family) if workspace.is_ours() else ()


def read(workspace: Workspace, family: Family, name: str) -> Config:
    return workspace.store.read(family, name)


def read_all(workspace: Workspace, family: Family) -> dict[str, Config]:
    """Those that can be read, by their names."""
    found = {}
    for name in names(workspace, family):
        with suppress(UserInputError):  # what is wrong with one is said where it is opened
            found[name] = workspace.store.read(family, name)
    return found


def save(
    workspace: Workspace,
    family: Family,
    name: str,
    record: Config,
    instead_of: Config | None,
    overwrite: bool = False,
) -> str:
    """Empty once it is saved, else why the name stands for another record."""
    try:
        workspace.store.save(family, name, record, overwrite=overwrite, instead_of=instead_of)
    except UserInputError as error:
        return str(error)
    return ""


def duplicate(workspace: Workspace, family: Family, name: str) -> str:
    return workspace.store.duplicate(family, name)


def rename(workspace: Workspace, family: Family, name: str, new_name: str) -> None:
    workspace.store.rename(family, name, new_name)


def users(workspace: Workspace, family: Family, name: str) -> tuple[str, ...]:
    return workspace.store.used_by(family, name)


def delete(workspace: Workspace, family: Family, name: str) -> None:
    workspace.store.delete(family, name, confirmed=True)


def export(workspace: Workspace, family: Family, name: str, path: Path) -> None:
    atomic_write(path, json.dumps(workspace.store.export_json([(family, name)]), indent=1).encode())


def import_file(workspace: Workspace, family: Family, path: Path) -> str:
    """What was taken over; of a record in DaCapo's configs/tasks and the like, the project it belongs to."""
    if path.suffix == ".yaml":
        return result_of(bring(path.absolute().parents[2], workspace)).summary
    return str(workspace.store.import_json(read_export(path), families={family.__name__: family}))
