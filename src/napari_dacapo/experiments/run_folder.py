"""The folder of one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dacapo.errors import CheckpointError, StoreError, UserInputError
from napari_dacapo.files import (
    JsonError,
    atomic_write,
    locked,
    make_folder,
    parse_json,
    raise_if_full,
)

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run

LOCK_SECONDS = 2.0  # how long one waits for another that is just ending


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything of one run lies; it can be moved with its workspace.

    run.json  checkpoints/  history.jsonl  validation/  snapshots/  parameters.json
    """

    path: Path
    root: Path  # relative paths in records start here: the workspace

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def validation(self) -> Path:
        return self.path / "validation"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    @property
    def record(self) -> Path:
        return self.path / "run.json"

    def absolute(self) -> RunFolder:
        """The same folder for a process that works elsewhere."""
        return RunFolder(self.path.absolute(), self.root.absolute())

    def saved_run(self) -> Run:
        """The run this folder was made by. Raises CheckpointError where there is none, or it is damaged."""
        from napari_dacapo.experiments.run import Run

        if not self.record.exists():
            raise CheckpointError(f"Nothing was trained in {self.path} yet. Train the run first.")
        try:
            return Run.from_json(parse_json(self.record.read_bytes()))
        except (JsonError, UserInputError) as error:
            text = str(error).rstrip(".")[:120]
            fix = "Delete this file and train on: it is written anew, from the run of that name"
            raise CheckpointError(f"{self.record} cannot be used: {text}. {fix}.") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads and processes from training, validating, renaming or deleting this run.

        Free again the moment its holder ends, however that ends. Raises StoreError naming the holder where
        the run is in use, or where the folder cannot be written.
        """
        with ExitStack() as held:
            try:
                make_folder(self.path.parent)
                held.enter_context(locked(self.path, LOCK_SECONDS))
            except OSError as error:
                raise_if_full(error, self.root, 0)
                cause = f"{self.path} cannot be written ({error.strerror})"
                raise StoreError(f"{cause}. Choose another workspace or make it writable.") from error
            yield

    def save_run(self, run: Run) -> None:
        """Keep a copy of the run: editing its components later never changes what was trained."""
        self.path.mkdir(parents=True, exist_ok=True)
        atomic_write(self.record, json.dumps(run.to_json(), indent=1).encode())
