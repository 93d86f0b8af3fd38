"""A project of DaCapo taken over into a workspace."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import CheckpointError, UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_dacapo import FromDacapo
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.from_dacapo.architectures import architecture
from napari_dacapo.from_dacapo.arrays import Place
from napari_dacapo.from_dacapo.datasplits import datasplit, shortest_side
from napari_dacapo.from_dacapo.documents import Documents, Values
from napari_dacapo.from_dacapo.fields import Fields
from napari_dacapo.from_dacapo.report import Account, Brought
from napari_dacapo.from_dacapo.tasks import task
from napari_dacapo.from_dacapo.trainers import learning, trainer
from napari_dacapo.from_dacapo.weights import checkpoints_of, keep_weights, newest_checkpoint
from napari_dacapo.store.content import Content, Document
from napari_dacapo.store.names import checked_name, folded
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

FAMILIES: dict[str, type[Config]] = {
    "datasplits": DataSplit,
    "architectures": Architecture,
    "tasks": Task,
    "trainers": Trainer,
}
NOT_YET = "not taken over yet, import again"
NO_SIDE = "no data could be opened: a voxel was taken to be 1 world unit long"
NOT_AS_WRITTEN = (TypeError, ValueError, IndexError)  # a file that somebody edited, or another version wrote


def bring(
    folder: Path, workspace: Workspace, *, overwrite: bool = False, weights: bool = False
) -> Generator[Notice | Brought, None, Brought]:
    """Take over the records of a DaCapo folder, all that have a counterpart or, by a conflict of names, none.

    With `weights`, the newest checkpoint of each run becomes a checkpoint here. What is taken over by then
    is a step, and stays if it is closed; the last is returned. Raises UserInputError where
    there are no records of DaCapo, or different ones have their names here.
    """
    yield Notice("Reads the project …")
    project, accounts = _Project(Documents.of(folder), workspace, weights), []
    for account in project.accounts():
        accounts.append(account)
        yield Notice(f"Reads {account.title} …")
    types: tuple[type[Config], ...] = (*FAMILIES.values(), Run)
    data = Content(project.tables).to_json()
    stored = workspace.store.import_json(
        data, overwrite=overwrite, families={each.__name__: each for each in types}
    )
    kept = dict.fromkeys(project.runs, NOT_YET) if weights else {}
    for name in kept:
        yield Brought(tuple(accounts), stored, project.documents.unreadable, dict(kept))
        yield Notice(f"Takes over the weights of {name} …")
        kept[name] = project.kept_weights(name)
    return Brought(tuple(accounts), stored, project.documents.unreadable, kept)


@dataclass(slots=True)
class _Project:
    documents: Documents
    workspace: Workspace
    weights: bool
    tables: dict[str, dict[str, Document]] = field(default_factory=dict)
    runs: dict[str, tuple[Run, int]] = field(default_factory=dict)  # with how many channels it sees
    side: float | None = None  # the shortest of a voxel

    def accounts(self) -> Iterator[Account]:
        """What becomes of each record; components that only a run holds come along by their names."""
        self._add_components_of_runs()
        for collection, family in FAMILIES.items():
            for name, values in self.documents.found[collection].items():
                yield self._account(family, name, values, self._converter(collection))
        for name, values in self.documents.found["runs"].items():
            yield self._account(Run, name, values, self._run)

    def kept_weights(self, name: str) -> str:
        """What became of those of a run."""
        run, input_channels = self.runs[name]
        checkpoint = newest_checkpoint(self.documents.folder, name)
        if checkpoint is None:
            return "there are none"
        folder = RunFolder(self.workspace.run_folder(name), self.workspace.path)
        try:
            return keep_weights(run, folder, checkpoint, input_channels)
        except CheckpointError as error:
            return f"not taken over. {error}"

    def _account(
        self, family: type[Config], name: str, values: Values, convert: Callable[[Fields], Config]
    ) -> Account:
        fields = Fields(dict(values))
        try:
            checked_name(name)
            record = convert(fields)
            fields.close()
            self._keep(family, name, record, values)
        except UserInputError as error:
            return Account(family, name, None, str(error), ())
        except NOT_AS_WRITTEN as error:
            return Account(family, name, None, f"It is not laid out as DaCapo writes it ({error}).", ())
        return Account(family, name, record, "", tuple(fields.lines))

    def _keep(self, family: type[Config], name: str, record: Config, values: Values) -> None:
        table = self.tables.setdefault(family.__name__, {})
        if any(folded(other["name"]) == folded(name) for other in table.values()):
            raise UserInputError(
                "name", name, "another record has this name but for its case", "Rename it there"
            )
        document: Document = {"name": name, "record": record.to_json()}
        if isinstance(record, Run):
            document["made_from"] = self._made_from(values, record)
            self.runs[name] = record, int(values["architecture_config"].get("fmaps_in", 1))
        if isinstance(record, DataSplit):
            self.side = self.side or shortest_side(record)
        table[str(len(table) + 1)] = document

    def _converter(self, collection: str) -> Callable[[Fields], Config]:
        place = Place(self.documents.folder)
        converters: dict[str, Callable[[Fields], Config]] = {
            "datasplits": lambda fields: datasplit(fields, place),
            "architectures": architecture,
            "tasks": task,
            "trainers": self._trainer,
        }
        return converters[collection]

    def _trainer(self, fields: Fields) -> Trainer:
        if self.side is None:
            fields.say("augments", NO_SIDE)
        return trainer(fields, self.side or 1.0)

    def _run(self, fields: Fields) -> Run:
        parts: dict[str, Any] = {}
        for collection in FAMILIES:
            name = collection.removesuffix("s")
            inner = fields.inner(f"{name}_config")
            fields_of_its_own = Fields(inner.values)  # the component's own account tells of them
            parts[name] = self._converter(collection)(fields_of_its_own)
        fields.leave("num_workers", "threads are chosen by the device here: see loader_threads", unless=0)
        if changed := learning(fields):
            parts["trainer"] = parts["trainer"].replace(**changed)
        iterations = fields.take("num_iterations", "iterations")
        return Run(
            **parts,
            start=self._start(fields),
            iterations=iterations,
            validation_interval=fields.take("validation_interval", "validation_interval", 1000),
            repetition=fields.take("repetition", "repetition", 0),
        )

    def _start(self, fields: Fields) -> Start:
        if not fields.has("start_config"):
            fields.leave("start_config", "")
            return Scratch()
        start = fields.inner("start_config")
        if start.kind != "Start" and start.kind:
            raise start.unknown()
        run, criterion = str(start.take("run", "start")), str(start.take("criterion", "start"))
        if not criterion.isdecimal():
            problem = "DaCapo keeps no best weights by a score"
            raise UserInputError("start_config.criterion", criterion, problem, "Give an iteration")
        file = checkpoints_of(self.documents.folder, run).get(int(criterion))
        if self.weights or file is None:
            return FromRun(run=run, iteration=int(criterion))
        return FromDacapo(path=str(file.absolute()))

    def _made_from(self, values: Values, run: Run) -> dict[str, str]:
        """The components it holds equal copies of."""
        found = {}
        for collection, family in FAMILIES.items():
            part = collection.removesuffix("s")
            name = str(values[f"{part}_config"].get("name", ""))
            own = getattr(run, part).to_json()
            documents = self.tables.get(family.__name__, {}).values()
            if any(each["name"] == name and each["record"] == own for each in documents):
                found[part] = name
        return found

    def _add_components_of_runs(self) -> None:
        for values in self.documents.found["runs"].values():
            for collection in FAMILIES:
                component = values.get(f"{collection.removesuffix('s')}_config")
                if isinstance(component, dict) and "name" in component:
                    self.documents.found[collection].setdefault(str(component["name"]), component)
