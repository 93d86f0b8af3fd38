"""A U-Net of residual blocks."""

from dataclasses import replace

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.networks.plan import UNetPlan


class ResidualUNet(UNet):
    """A U-Net whose convolutions at each level only add to what comes in (Lee et al. 2017): deep ones train.

    Shapes and context are those of UNet; it has a few more weights, for what comes in to be added.
    """

    def plan(self, input_channels: int) -> UNetPlan:
        return replace(super().plan(input_channels), residual=True)
