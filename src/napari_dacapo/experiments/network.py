"""The network of a run: its architecture's body and its task's head."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from napari_dacapo.experiments.checkpoints.weights import match_head
from napari_dacapo.experiments.starts.start import TrainedWeights

if TYPE_CHECKING:
    from torch import nn

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


def begin_with(network: nn.Sequential, run: Run, trained: TrainedWeights) -> str:
    """Take over what fits of the trained weights; says what was taken and what stays fresh."""
    own = tuple(run.task.channel_names(run.architecture.dims))
    return match_head(network, trained.tensors, own, trained.channel_names, trained.origin)
