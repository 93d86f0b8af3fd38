"""The parts of a U-Net, each made from one stage of its plan."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from napari_dacapo.networks.attention import AttentionGate
from napari_dacapo.networks.layers import convolution, normalization_layer, transposed_convolution
from napari_dacapo.networks.plan import Convolve, Normalization, Rise, Shape


class ConvolutionPass(nn.Module):
    """Convolutions one after the other, each with normalisation and ReLU."""

    def __init__(self, stage: Convolve, normalization: Normalization) -> None:
        super().__init__()
        channels = [stage.in_channels] + [stage.out_channels] * len(stage.kernels)
        for number, kernel in enumerate(stage.kernels):
            bias = normalization == "none"
            layer = convolution(channels[number], channels[number + 1], kernel, not stage.crops, bias)
            self.add_module(f"convolution{number}", layer)
            norm = normalization_layer(normalization, stage.out_channels, len(kernel))
            if norm is not None:
                self.add_module(f"normalization{number}", norm)
            self.add_module(f"activation{number}", nn.ReLU(inplace=True))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        for layer in self.children():
            features = layer(features)
        return features


class ResidualPass(nn.Module):
    """Convolutions that make what is to be added to what came in (He et al. 2016), then ReLU."""

    def __init__(self, stage: Convolve, normalization: Normalization) -> None:
        super().__init__()
        layers = list(ConvolutionPass(stage, normalization).children())
        self.change = nn.Sequential(*layers[:-1])  # what is added may be negative
        point = (1,) * len(stage.kernels[0])
        self.straight = convolution(stage.in_channels, stage.out_channels, point, padded=False, bias=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        change: torch.Tensor = self.change(features)
        came = self.straight(centre(features, tuple(change.shape[2:])))
        return functional.relu(change + came, inplace=True)


def convolution_pass(stage: Convolve, normalization: Normalization) -> nn.Module:
    """The module of a stage of convolutions."""
    kind = ResidualPass if stage.residual else ConvolutionPass
    return kind(stage, normalization)


class RisePass(nn.Module):
    """To the finer grid: fewer feature maps, larger, joined with those kept on the way down."""

    def __init__(self, stage: Rise) -> None:
        super().__init__()
        self.stage = stage
        dims = len(stage.factors)
        if stage.constant:
            point = (1,) * dims
            self.project = convolution(stage.in_channels, stage.out_channels, point, padded=False, bias=True)
        else:
            self.project = transposed_convolution(stage.in_channels, stage.out_channels, stage.factors)
        self.gate = (
            AttentionGate(stage.skip_channels, stage.out_channels, stage.hidden_channels, dims)
            if stage.attention
            else None
        )

    def forward(self, features: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
        """(b, in_channels, ...) and (b, skip_channels, ...), the latter larger -> joined, `kept` first."""
        # Repeating voxels after the 1x1 convolution gives the same as before it, for a fraction of the work.
        risen = functional.relu(self.project(features), inplace=True)
        if self.stage.constant:
            risen = functional.interpolate(risen, scale_factor=tuple(map(float, self.stage.factors)))
        sizes = zip(risen.shape[2:], self.stage.crop, strict=True)
        risen = centre(risen, tuple(size - 2 * cut for size, cut in sizes))
        if kept is None:
            return risen
        kept = centre(kept, tuple(risen.shape[2:]))
        if self.gate is not None:
            kept = self.gate(kept, risen)
        return torch.cat([kept, risen], dim=1)


def pool(features: torch.Tensor, factors: Shape) -> torch.Tensor:
    """The maximum of each block of voxels."""
    maximum = functional.max_pool2d if len(factors) == 2 else functional.max_pool3d
    return maximum(features, factors)


def centre(features: torch.Tensor, shape: Shape) -> torch.Tensor:
    """The middle, (b, c, *shape)."""
    cuts = [(have - want) // 2 for have, want in zip(features.shape[2:], shape, strict=True)]
    if not any(cuts):
        return features
    # Negative padding, since the gradient of a slice is not channels-last: a step would take a tenth longer.
    return functional.pad(features, [-cut for cut in reversed(cuts) for _ in range(2)])
