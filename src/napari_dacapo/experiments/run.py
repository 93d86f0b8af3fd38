"""One of each component, a start and a stopping criterion."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.box import World
from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.tasks.task import JUDGING, Task
from napari_dacapo.trainers.trainer import Trainer


class Run(Config):
    """What is trained: copies of the components, so that editing them later changes nothing here."""

    datasplit: DataSplit
    "Where the data is, and which of it validates."

    architecture: Architecture
    "The network."

    task: Task
    "What the network learns."

    trainer: Trainer
    "How it learns."

    start: Start = Scratch()
    "Where it starts: fresh weights, or those of a trained run."

    iterations: Annotated[int, Field(ge=1, le=1_000_000_000)] = 10_000
    "When it stops."

    validation_interval: Annotated[int, Field(ge=1)] = 1000
    "Iterations from one validation to the next; the last iteration is always validated."

    patience: Annotated[int, Field(ge=1)] | None = None
    "Stop early after so many validations without a better score; nothing: never."

    repetition: Annotated[int, Field(ge=0)] = 0
    "Which of several equal runs this is; it changes the random seed."

    @property
    def identity(self) -> str:
        """A hash of what the weights mean: network and what it learns. Checkpoints of another are refused.

        Defaults are left out, so that a field that comes with a later version changes no hash.
        """
        task = {name: value for name, value in _chosen(self.task).items() if name not in JUDGING}
        parts = [_chosen(self.architecture), task]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def seed(self) -> int:
        return self.trainer.seed + 1_000_003 * self.repetition

    def same_training_as(self, other: Run) -> bool:
        """Whether a run can go on where the other stopped: only what changes no weight may differ."""
        return self._learning() == other._learning()

    def _learning(self) -> Run:
        """Without how long, how watched, and by how many threads."""
        free = dict.fromkeys(("iterations", "validation_interval", "patience"), 1)
        return self.replace(**free, trainer=self.trainer.replace(loader_threads=None))

    def output_voxel_size(self, raw_voxel_size: World) -> World:
        """The voxel size the network predicts at."""
        return tuple(v / s for v, s in zip(raw_voxel_size, self.architecture.scale, strict=True))


def _chosen(record: Config) -> dict[str, Any]:
    """The fields that are not at their defaults, and the kind."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in type(record).model_fields.items()
    }
    plain = record.to_json()
    return {
        name: value
        for name, value in plain.items()
        if name not in defaults or getattr(record, name) != defaults[name]
    }
