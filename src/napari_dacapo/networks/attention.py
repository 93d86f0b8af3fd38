"""Attention gates (Oktay et al. 2018, Attention U-Net)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from napari_dacapo.networks.layers import convolution


class AttentionGate(nn.Module):
    """Weighs each voxel kept from the way down by what the way up has found there."""

    def __init__(self, kept: int, risen: int, hidden: int, dims: int) -> None:
        super().__init__()
        point = (1,) * dims
        self.from_kept = convolution(kept, hidden, point, padded=False, bias=False)
        self.from_risen = convolution(risen, hidden, point, padded=False, bias=True)
        self.attention = convolution(hidden, 1, point, padded=False, bias=True)

    def forward(self, kept: torch.Tensor, risen: torch.Tensor) -> torch.Tensor:
        """(b, channels, (z,) y, x), both of one shape -> `kept` times a weight in [0, 1] for each voxel."""
        hidden = functional.relu(self.from_kept(kept) + self.from_risen(risen), inplace=True)
        return kept * torch.sigmoid(self.attention(hidden))
