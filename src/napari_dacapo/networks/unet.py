"""The U-Net (Ronneberger et al. 2015), as CNNectome and DaCapo vary it, in 2D and 3D."""

from __future__ import annotations

import torch
from torch import nn

from napari_dacapo.networks.blocks import RisePass, convolution_pass, pool
from napari_dacapo.networks.plan import Convolve, Pool, Rise, UNetPlan
from napari_dacapo.networks.stages import stages


class UNet(nn.Module):
    """(b, input_channels, (z,) y, x) float -> (b, fmaps_out, (z,) y, x), ReLU activated.

    Weights are named by where they stand: `down.0.convolution1.weight` is the second convolution at the
    finest level, `rise.0` leads back to the finest level, `up.0` follows it; `down` ends with the bottom.
    `finer_rise.0` and `finer_up.0` make the output finer than the input.
    """

    def __init__(self, plan: UNetPlan) -> None:
        super().__init__()
        levels = len(plan.downsample_factors)
        found = stages(plan)
        convolutions = [stage for stage in found if isinstance(stage, Convolve)]
        passes = [convolution_pass(stage, plan.normalization) for stage in convolutions]
        rises = [RisePass(stage) for stage in found if isinstance(stage, Rise)]
        self.factors = tuple(stage.factors for stage in found if isinstance(stage, Pool))
        self.down = nn.ModuleList(passes[: levels + 1])
        self.rise = nn.ModuleList(rises[:levels][::-1])
        self.up = nn.ModuleList(passes[levels + 1 :][:levels][::-1])
        self.finer_rise = nn.ModuleList(rises[levels:])
        self.finer_up = nn.ModuleList(passes[2 * levels + 1 :])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.down[0](image)
        kept = []
        for factors, convolve in zip(self.factors, self.down[1:], strict=True):
            kept.append(features)
            features = convolve(pool(features, factors))
        for rise, convolve in zip(reversed(self.rise), reversed(self.up), strict=True):
            features = convolve(rise(features, kept.pop()))
        for rise, convolve in zip(self.finer_rise, self.finer_up, strict=True):
            features = convolve(rise(features, None))
        return features
