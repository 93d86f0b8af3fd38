"""The last layer of a network, and how losses of weighted voxels are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

if TYPE_CHECKING:
    import torch
    from torch import nn

LEAST_WEIGHT = 1e-6  # the weights of a single voxel are larger


def _odd(kernel_size: int) -> int:
    if kernel_size % 2 == 0:
        raise ValueError("it is even and has no middle. Choose 1, 3, 5 or 7")
    return kernel_size


KernelSize = Annotated[int, Field(ge=1, le=7), AfterValidator(_odd)]


def convolution(features: int, channels: int, dims: int, kernel_size: int = 1) -> nn.Module:
    """A convolution that keeps the shape, (b, features, (z,) y, x) -> (b, channels, (z,) y, x)."""
    from torch import nn

    layer = nn.Conv2d if dims == 2 else nn.Conv3d
    return layer(features, channels, kernel_size, padding=kernel_size // 2, padding_mode="replicate")


def weighted_mean(loss: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The mean over all voxels by weight, both (b, c, (z,) y, x); 0 with a gradient of 0 if none has any."""
    return (loss * weight).sum() / weight.sum().clamp_min(LEAST_WEIGHT)
