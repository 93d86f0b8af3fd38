"""Weights of another run of this workspace."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.start import Start, TrainedWeights
from napari_dacapo.store.names import folded
from napari_dacapo.store.workspace import Workspace


class FromRun(Start):
    """Begin with the weights of another run: its best by a criterion, of one iteration, or its last."""

    run: str
    "The name of the other run in this workspace."

    criterion: str = ""
    "Take its best weights by this score, for example voi_sum; empty: see iteration."

    iteration: Annotated[int, Field(ge=0)] | None = None
    "Take its weights of this iteration; nothing: its last."

    def weights(self, root: Path, own_bytes: int) -> TrainedWeights:
        folder = RunFolder(Workspace(root).run_folder(self.run), root)
        if not folder.record.exists():
            problem = "no run of this name was trained in this workspace"
            raise UserInputError("start.run", self.run, problem, "Train it first, or choose another")
        other = folder.saved_run()
        checkpoints = Checkpoints(folder.checkpoints, other.identity)
        by = self.criterion
        loaded = checkpoints.load_best(by) if by else checkpoints.load(self.iteration)
        names = tuple(other.task.channel_names(other.architecture.dims))
        later = " (a later one is damaged)" if loaded.note else ""
        origin = f"{self.run}, iteration {loaded.state.iteration}{later}"
        return TrainedWeights(origin, loaded.state.weights, names)

    def renamed(self, run: str, new_name: str) -> Self:
        return self.replace(run=new_name) if folded(self.run) == folded(run) else self
