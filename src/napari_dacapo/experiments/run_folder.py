"""The folder of one run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dacapo.errors import CheckpointError
from napari_dacapo.files import atomic_write

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything of one run lies; it can be moved with its workspace.

    run.json  checkpoints/  history.jsonl  validation/  snapshots/  log.txt
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

    def saved_run(self) -> Run:
        """The run this folder was made by. Raises CheckpointError where nothing was trained."""
        from napari_dacapo.experiments.run import Run

        if not self.record.exists():
            raise CheckpointError(f"Nothing was trained in {self.path} yet. Train the run first.")
        return Run.from_json(json.loads(self.record.read_bytes()))

    def save_run(self, run: Run) -> None:
        """Keep a copy of the run: editing its components later never changes what was trained."""
        self.path.mkdir(parents=True, exist_ok=True)
        atomic_write(self.record, json.dumps(run.to_json(), indent=1).encode())
