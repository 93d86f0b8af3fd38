"""The network of a run: its architecture's body and its task's head."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.weights import match_head
from napari_dacapo.experiments.starts.start import TrainedWeights

if TYPE_CHECKING:
    from torch import nn

    from napari_dacapo.experiments.checkpoints.checkpoints import State
    from napari_dacapo.experiments.run import Run


def build_network(run: Run, input_channels: int) -> nn.Sequential:
    """`body` and `head`, freshly initialised from the run's seed; torch's own random state is kept."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        body = run.architecture.build(input_channels)
        head = run.task.head(run.architecture.output_channels, run.architecture.dims)
    return nn.Sequential(OrderedDict(body=body, head=head))


def refuse_other_file(run: Run, state: State) -> None:
    """Raises CheckpointError where the file of the network is not the one whose weights were trained."""
    now = run.architecture.file_hash()
    if state.extra.get("network_file", now) != now:  # checkpoints of before tell of none
        raise CheckpointError(
            f"The file of the network was replaced since iteration {state.iteration:,}: the trained weights "
            "belong to what was in it. Put the old file back, or train a new run."
        )


def begin_with(network: nn.Sequential, run: Run, trained: TrainedWeights) -> str:
    """Take over what fits of the trained weights; says what was taken and what stays fresh."""
    own = tuple(run.task.channel_names(run.architecture.dims))
    return match_head(network, trained.tensors, own, trained.channel_names, trained.origin)
