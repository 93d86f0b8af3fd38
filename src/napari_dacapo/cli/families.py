"""The families of records by the words that are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.run_folder import RunFolder

COMPONENTS = ("datasplit", "architecture", "task", "trainer")
FAMILIES = (*COMPONENTS, "run", "cluster")


class FamilyName(click.Choice[str]):
    """One of the families, also in the plural."""

    def __init__(self) -> None:
        super().__init__(FAMILIES, case_sensitive=False)

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        return super().convert(str(value).removesuffix("s"), parameter, context)


def record_types() -> dict[str, type[Config]]:
    """The record of each family, imported when it is needed only: the command line answers at once."""
    from napari_dacapo.architectures.architecture import Architecture
    from napari_dacapo.clusters.cluster import Cluster
    from napari_dacapo.datasplits.datasplit import DataSplit
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.tasks.task import Task
    from napari_dacapo.trainers.trainer import Trainer

    return {
        "datasplit": DataSplit,
        "architecture": Architecture,
        "task": Task,
        "trainer": Trainer,
        "run": Run,
        "cluster": Cluster,
    }


def existing(workspace: Workspace) -> Workspace:
    """Raises UserInputError where there is none: a mistyped folder is said, not made."""
    if not workspace.path.is_dir():
        fix = "Create a datasplit first (see: napari-dacapo create datasplit -h), or choose another with -w"
        raise UserInputError("workspace", str(workspace.path), "there is no such folder", fix)
    return workspace


def run_folder(workspace: Workspace, name: str) -> RunFolder:
    """Raises UserInputError, offering near names, where no run has that one."""
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.run_folder import RunFolder

    store = existing(workspace).store
    if folded(name) not in map(folded, store.names(Run)):
        store.read(Run, name)  # raises
    return RunFolder(workspace.run_folder(name), workspace.path)


def trained_iterations(workspace: Workspace, name: str) -> int:
    """Those of the newest checkpoint, also of one that cannot be read; 0 where nothing was trained."""
    from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints

    return max(Checkpoints(workspace.run_folder(name) / "checkpoints", identity="").iterations(), default=0)
