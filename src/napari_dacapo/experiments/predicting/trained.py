"""A trained network, ready to predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.checkpoints.weights import load_weights_into
from napari_dacapo.experiments.compute import Compute, choose_compute, prepare_torch
from napari_dacapo.experiments.network import build_network, refuse_other_file
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Trained:
    """The network of a run as it was after an iteration."""

    run: Run
    network: nn.Module
    compute: Compute
    iteration: int
    input_channels: int
    weights: str = ""  # a hash of those of a checkpoint

    @property
    def channels(self) -> int:
        """Channels of a prediction."""
        return len(self.run.task.channel_names(self.run.architecture.dims))


def load_trained(
    folder: RunFolder, criterion: str = "", iteration: int | None = None, device: str = "auto"
) -> Trained:
    """The weights that are best by a criterion, or of an iteration, or else the last.

    Raises CheckpointError where there are none, or the file of the network is another one now.
    """
    run = folder.saved_run()
    prepare_torch()
    checkpoints = Checkpoints(folder.checkpoints, run.identity)
    loaded = checkpoints.load_best(criterion) if criterion else checkpoints.load(iteration)
    dims = run.architecture.dims
    compute = choose_compute(device, run.trainer.precision, dims).for_prediction(dims)
    input_channels = int(loaded.state.extra["input_channels"])
    network = build_network(run, input_channels)
    refuse_other_file(run, loaded.state)
    load_weights_into(network, loaded.state.weights)
    compute = compute.suited_to(network)
    return Trained(
        run,
        compute.place(network),
        compute,
        loaded.state.iteration,
        input_channels,
        checkpoints.weights_of(loaded.state.iteration),
    )
