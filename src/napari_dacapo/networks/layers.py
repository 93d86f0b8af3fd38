"""Torch layers by number of spatial dimensions, initialised for networks of ReLUs."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, sqrt

from torch import nn

from napari_dacapo.networks.plan import Normalization, Shape

CONVOLUTIONS: dict[int, Callable[..., nn.Conv2d | nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED_CONVOLUTIONS: dict[int, Callable[..., nn.ConvTranspose2d | nn.ConvTranspose3d]] = {
    2: nn.ConvTranspose2d,
    3: nn.ConvTranspose3d,
}
BATCH_NORMS: dict[int, Callable[..., nn.Module]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
LARGEST_GROUP_COUNT = 8


def convolution(in_channels: int, out_channels: int, kernel: Shape, padded: bool, bias: bool) -> nn.Module:
    """A convolution that keeps variance through a ReLU (He et al. 2015); odd kernels only if padded."""
    padding = tuple(size // 2 if padded else 0 for size in kernel)
    layer = CONVOLUTIONS[len(kernel)](in_channels, out_channels, kernel, padding=padding, bias=bias)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def transposed_convolution(in_channels: int, out_channels: int, factors: Shape) -> nn.Module:
    """One kernel of the factors' size for each input voxel: every output voxel sees one input voxel."""
    layer = TRANSPOSED_CONVOLUTIONS[len(factors)](in_channels, out_channels, factors, stride=factors)
    nn.init.normal_(layer.weight, std=sqrt(2 / in_channels))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def normalization_layer(kind: Normalization, channels: int, dims: int) -> nn.Module | None:
    """The layer that brings each channel, or group of channels, to mean 0 and variance 1; None for "none"."""
    match kind:
        case "none":
            return None
        case "batch":
            return BATCH_NORMS[dims](channels)
        case "group":
            return nn.GroupNorm(gcd(channels, LARGEST_GROUP_COUNT), channels)
        case "instance":
            return nn.GroupNorm(channels, channels)  # unlike InstanceNorm it keeps channels-last
