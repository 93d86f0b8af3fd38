"""What the window asks of the store about runs. Called in threads."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.combinations import combinations, component_type, save_runs
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace

Named = Mapping[str, tuple[str, Config]]  # by component: its name and itself
TextOf = Callable[[Workspace, str], str]


def save_combinations(
    workspace: Workspace,
    name: str,
    components: Mapping[str, Sequence[str]],
    repetitions: int,
    values: Mapping[str, Any],
) -> tuple[str, ...]:
    """Save a run for every combination and return their names; none where one stands for another run."""
    store = workspace.store
    return save_runs(store, combinations(store, name, components, repetitions, values))


def save_with_components(
    workspace: Workspace, components: Named, known: Mapping[str, Config | None], values: Mapping[str, Any]
) -> str:
    """Save what of the components is not saved yet, and a run of them under the first free name.

    `known`: what the store held under each name when it was read. Raises UserInputError where a name
    stands for another record, and saves nothing more then, or where task and network do not fit together.
    """
    from napari_dacapo.experiments.training.preflight import component_problems

    store = workspace.store
    run = Run(**{**values, **{component: record for component, (_, record) in components.items()}})
    for problem in component_problems(run):
        raise problem
    for component, (name, record) in components.items():
        try:
            store.save(component_type(component), name, record, instead_of=known[component])
        except UserInputError as error:
            error.field = f"{component}.{error.field}"
            raise
    name = _free_name(store.names(Run), components["task"][0])
    made_from = {component: saved for component, (saved, _) in components.items()}
    store.save(Run, name, run, made_from=made_from)
    return name


def run_with_start(
    workspace: Workspace, name: str, criterion: str, iteration: int | None
) -> tuple[Run, FromRun]:
    """A run as it was trained, and what begins with its best weights by a criterion, or of an iteration."""
    run = RunFolder(workspace.run_folder(name), workspace.path).saved_run()
    return run, FromRun(run=name, criterion=criterion, iteration=iteration)


def delete(workspace: Workspace, name: str) -> str:
    """Delete all that was trained of a run, and the run."""
    with RunFolder(workspace.run_folder(name), workspace.path).alone():
        workspace.delete_run(name)
    workspace.store.delete(Run, name, confirmed=True)
    return name


def rename(workspace: Workspace, name: str, new_name: str) -> tuple[str, ...]:
    """Give a run another name; the names of the runs that start from it and follow."""
    from napari_dacapo.experiments.renaming import rename_run

    return rename_run(workspace, name, new_name)


def command_of(workspace: Workspace, name: str) -> str:
    """The command line that trains the run."""
    return shlex.join(["napari-dacapo", "--workspace", str(workspace.path), "train", name])


def python_of(workspace: Workspace, name: str) -> str:
    """The Python that trains the run."""
    return f"""from pathlib import Path

from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace

workspace = Workspace(Path({str(workspace.path)!r}))
run = workspace.store.read(Run, {name!r})
for step in train(run, RunFolder(workspace.run_folder({name!r}), workspace.path)):
    print(step)
"""


def _free_name(taken: Sequence[str], base: str) -> str:
    """base-1, base-2, ..., the first that no run has."""
    known = {folded(name) for name in taken}
    number = next(n for n in range(1, len(known) + 2) if folded(f"{base}-{n}") not in known)
    return f"{base}-{number}"
