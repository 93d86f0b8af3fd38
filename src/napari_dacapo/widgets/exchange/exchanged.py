"""What the pages do beside the window to export and import; none of it knows the window."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.exporting.formats import FORMATS, ExportFormat
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.store.names import folded, free_name
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task
from napari_dacapo.widgets.components.saved_records import read_all

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.available_weights import Weights
    from napari_dacapo.experiments.run_folder import RunFolder
    from napari_dacapo.from_dacapo.report import Brought

EXPORTED = "exported"  # the folder of a workspace where exports lie, unless a person chooses another
MOST_CHANNELS = 6  # that are named


@dataclass(frozen=True, slots=True)
class Export:
    """What a person wants written, and where."""

    run: str
    weights: Weights
    form: ExportFormat
    target: Path
    card: ModelCard
    replace: bool = False


@dataclass(frozen=True, slots=True)
class FoundModel:
    """What a package tells of itself, and which tasks it can be used with."""

    told: str
    own_task: str  # the kind of that of the run it was exported from; empty where that cannot be used
    tasks: tuple[str, ...]  # saved ones that fit
    misfit: str  # why its own one does not, if it has one
    name: str  # of a run of it, that no run has


@dataclass(frozen=True, slots=True)
class ModelImport:
    """A model, the run that it is to be, and the names of the components it gets."""

    path: Path
    trusted: bool
    name: str
    task: str = ""  # empty: its own
    datasplit: str = ""  # empty: none
    trainer: str = ""  # empty: the usual one


def weights_of(workspace: Workspace, run: str) -> tuple[Weights, ...]:
    """Raises CheckpointError where nothing was trained."""
    from napari_dacapo.experiments.predicting.available_weights import available_weights

    return available_weights(_run_folder(workspace, run))


def suggested_target(workspace: Workspace, run: str, form: ExportFormat) -> Path:
    return workspace.path.absolute() / EXPORTED / f"{run}{FORMATS[form].suffix}"


def replaces(wish: Export) -> bool:
    """Whether something is there that may be replaced. Raises UserInputError where it must not be written."""
    from napari_dacapo.experiments.exporting.export import replaces

    return replaces(wish.target, wish.form)


def export(workspace: Workspace, wish: Export) -> Generator[Notice, None, str]:
    """Returns what was written, in a sentence. Raises what `export_model` raises."""
    from napari_dacapo.experiments.exporting.export import export_model

    folder, weights = _run_folder(workspace, wish.run), wish.weights
    how = (weights.criterion, weights.iteration, wish.card, wish.replace)
    trained = yield from export_model(folder, wish.target, wish.form, *how)
    return f"{wish.run} with its weights of iteration {trained.iteration:,} lies in {wish.target}."


def look_at_model(workspace: Workspace, path: Path) -> FoundModel:
    """Raises UserInputError where it cannot be read, or what reads it is not installed."""
    from napari_dacapo.architectures.bioimageio_file import read_bioimageio
    from napari_dacapo.experiments.importing import refuse_misfit, task_of

    def misfit(task: Config) -> str:
        try:
            refuse_misfit(file, cast(Task, task))
        except UserInputError as error:
            return str(error)
        return ""

    file = read_bioimageio(path)
    own = task_of(file)
    fitting = tuple(name for name, task in read_all(workspace, Task).items() if not misfit(task))
    channels = ", ".join(file.output_channels[:MOST_CHANNELS])
    more = " …" if len(file.output_channels) > MOST_CHANNELS else ""
    count = f"{file.input_channels} channel{'s' if file.input_channels > 1 else ''}"
    told = f"{file.description.name}: {file.dims}D, from {count} of an image to {channels}{more}."
    own_misfit = "" if own is None else misfit(own)
    own_task = "" if own is None or own_misfit else type(own).__name__
    return FoundModel(told, own_task, fitting, own_misfit, _free_run_name(workspace, path.stem))


def _free_run_name(workspace: Workspace, wish: str) -> str:
    from napari_dacapo.experiments.run import Run

    names = workspace.store.names(Run) if workspace.is_ours() else ()
    taken = {folded(name) for name in names}
    return free_name(wish, taken) if folded(wish) in taken else wish


def import_model(workspace: Workspace, wish: ModelImport) -> Generator[Notice, None, str]:
    """Returns what can be done with it, in a sentence. Raises what the engine's `import_model` raises."""
    from napari_dacapo.experiments.combinations import component_type
    from napari_dacapo.experiments.importing import import_model

    given = {"task": wish.task, "datasplit": wish.datasplit, "trainer": wish.trainer}
    parts: dict[str, Any] = {
        family: workspace.store.read(component_type(family), name) for family, name in given.items() if name
    }
    yield from import_model(workspace, wish.name, wish.path, trusted=wish.trusted, **parts)
    further = ", or train it further on the page Runs" if wish.datasplit else ""
    return f"{wish.name} is a run now: apply it on the page Apply{further}."


def bring(
    workspace: Workspace, folder: Path, overwrite: bool, weights: bool
) -> Generator[Notice | Brought, None, Brought]:
    """Returns what was taken over.

    Raises UserInputError where there is nothing of DaCapo, or different records have the names here.
    """
    from napari_dacapo.from_dacapo.project import bring

    return bring(folder.expanduser(), workspace, overwrite=overwrite, weights=weights)


def _run_folder(workspace: Workspace, run: str) -> RunFolder:
    from napari_dacapo.experiments.run_folder import RunFolder

    return RunFolder(workspace.run_folder(run), workspace.path)
