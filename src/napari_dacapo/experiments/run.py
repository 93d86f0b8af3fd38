"""One of each component, a start and a stopping criterion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.tasks.task import Task
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
        """A hash of what the weights mean: network and task. Checkpoints of another are refused."""
        parts = [self.architecture.to_json(), self.task.to_json()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def seed(self) -> int:
        return self.trainer.seed + 1_000_003 * self.repetition

    def same_training_as(self, other: Run) -> bool:
        """Whether a run can go on where the other stopped; only how long and how watched may differ."""
        free = dict.fromkeys(("iterations", "validation_interval", "patience"), 1)
        return self.replace(**free) == other.replace(**free)

    def check(self, root: Path = Path()) -> list[UserInputError]:
        """Everything that does not fit together, each with the field it belongs to; empty: ready to train."""
        found = list(self._component_problems())
        return found or list(self._data_problems(root))

    def _component_problems(self) -> Iterator[UserInputError]:
        for component in (self.task, self.architecture):
            try:
                self.task.channel_names(self.architecture.dims)
                self.architecture.output_shape(self.architecture.input_patch)
            except UserInputError as error:
                error.field = f"{type(component).__name__}.{error.field}"
                yield error
                return

    def _data_problems(self, root: Path) -> Iterator[UserInputError]:
        from napari_dacapo.datasplits.check import check

        try:
            training, validation = self.datasplit.training(root), self.datasplit.validation(root)
        except UserInputError as error:
            yield error
            return
        for dataset in (*training, *validation):
            if dataset.raw.dims != self.architecture.dims:
                yield UserInputError(
                    "architecture",
                    f"{self.architecture.dims}D",
                    f"the data of {dataset.title} are {dataset.raw.dims}D",
                    "Choose a network of as many dimensions as the data have",
                )
                return
        yield from check(training, validation).problems
