"""The network of a run as a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.trained import Trained
    from napari_dacapo.tasks.task import Task


class Predictor(nn.Module):
    """Raw as it was trained on, (b, c, (z,) y, x) float32 -> the prediction, (b, channels, (z,) y, x)."""

    def __init__(self, network: nn.Module, task: Task) -> None:
        super().__init__()
        self.network = network
        self.task = task

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        return self.task.activate(self.network(raw))


def plain_network(trained: Trained) -> nn.Module:
    """The network on the CPU in float32, as it is applied."""
    network: Any = trained.network.cpu().float()
    plain: nn.Module = network.to(memory_format=torch.contiguous_format).eval()
    return plain


def examples(trained: Trained) -> tuple[torch.Tensor, torch.Tensor]:
    """Raw of two batch sizes and valid shapes, no side as short as can be: graphs take 1 for fixed.

    Strides of 2 from (18, 18, 18) on give (20, 22, 24) and (24, 22, 20).
    """
    architecture = trained.run.architecture
    least = architecture.nearest_input_shape((1,) * architecture.dims, at_least=True)
    more = tuple(range(1, architecture.dims + 1))
    generator = torch.Generator().manual_seed(0)

    def random(batch_size: int, steps: tuple[int, ...]) -> torch.Tensor:
        sides = zip(least, steps, architecture.stride, strict=True)
        shape = architecture.nearest_input_shape(tuple(n + s * by for n, s, by in sides), at_least=True)
        return torch.rand((batch_size, trained.input_channels, *shape), generator=generator)

    return random(2, more), random(1, more[::-1])
