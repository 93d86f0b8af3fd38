"""The running mean of a network's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Bring the average, another network of the same kind, nearer to the network: `decay` of it stays."""
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    for mean, value in pairs:
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)
