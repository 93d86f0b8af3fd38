"""Networks of MONAI (Cardoso et al. 2022), each from the same few numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from math import gcd
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

if TYPE_CHECKING:
    from napari_dacapo.networks.plan import Shape

MonaiNormalization = Literal["instance", "group", "batch"]
MOST_FMAPS = 512
LARGEST_GROUP_COUNT = 8
HEADS = 12  # of attention, for each of which a level's feature maps are split; doubled from level to level


@dataclass(frozen=True, slots=True)
class MonaiPlan:
    """What a network is made of. Poolings go from the finest level down."""

    input_channels: int
    num_fmaps: int
    fmaps_out: int
    downsample_factors: tuple[Shape, ...]
    normalization: MonaiNormalization
    dropout: float

    @property
    def dims(self) -> int:
        return len(self.downsample_factors[0])

    @property
    def fmaps(self) -> list[int]:
        """Feature maps of each level, the bottom last: twice as many from one to the next."""
        levels = range(len(self.downsample_factors) + 1)
        return [min(MOST_FMAPS, self.num_fmaps * 2**level) for level in levels]

    @property
    def norm(self) -> tuple[str, dict[str, Any]]:
        if self.normalization == "group":
            return "group", {"num_groups": gcd(self.num_fmaps, LARGEST_GROUP_COUNT)}
        return self.normalization, {"affine": True}


class _Finest(nn.Module):
    """Of a network that gives a list, the first entry."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.network(image)[0]
        return features


def is_installed() -> bool:
    return find_spec("monai") is not None


def build(name: str, plan: MonaiPlan) -> nn.Module:
    """(b, input_channels, (z,) y, x) -> (b, fmaps_out, (z,) y, x), without activation."""
    return BUILDERS[name](plan)


def _common(plan: MonaiPlan) -> dict[str, Any]:
    return {
        "spatial_dims": plan.dims,
        "in_channels": plan.input_channels,
        "out_channels": plan.fmaps_out,
    }


def _segresnet(plan: MonaiPlan) -> nn.Module:
    from monai.networks.nets import SegResNet

    levels = len(plan.downsample_factors)
    network: nn.Module = SegResNet(
        **_common(plan),
        init_filters=plan.num_fmaps,
        dropout_prob=plan.dropout or None,
        norm=plan.norm,
        blocks_down=(1, *(2,) * levels),
        blocks_up=(1,) * levels,
    )
    return network


def _dynunet(plan: MonaiPlan) -> nn.Module:
    from monai.networks.nets import DynUNet

    network: nn.Module = DynUNet(
        **_common(plan),
        kernel_size=((3,) * plan.dims,) * len(plan.fmaps),
        strides=((1,) * plan.dims, *plan.downsample_factors),
        upsample_kernel_size=plan.downsample_factors,
        filters=plan.fmaps,
        dropout=plan.dropout or None,
        norm_name=plan.norm,
        res_block=True,
    )
    return network


def _swin_unetr(plan: MonaiPlan) -> nn.Module:
    from monai.networks.nets import SwinUNETR

    heads = max(1, plan.num_fmaps // HEADS)
    network: nn.Module = SwinUNETR(
        **_common(plan),
        feature_size=plan.num_fmaps,
        num_heads=tuple(heads * 2**level for level in range(4)),
        norm_name=plan.norm,
        drop_rate=plan.dropout,
    )
    return network


def _attention_unet(plan: MonaiPlan) -> nn.Module:
    from monai.networks.nets import AttentionUnet

    network: nn.Module = AttentionUnet(
        **_common(plan),
        channels=plan.fmaps,
        strides=[factors[0] for factors in plan.downsample_factors],
        dropout=plan.dropout,
    )
    return network


def _unet_plus_plus(plan: MonaiPlan) -> nn.Module:
    from monai.networks.nets import BasicUNetPlusPlus

    *levels, _ = plan.fmaps
    features = (plan.num_fmaps, *levels, plan.num_fmaps)
    network = BasicUNetPlusPlus(**_common(plan), features=features, norm=plan.norm, dropout=plan.dropout)
    return _Finest(network)


BUILDERS: dict[str, Callable[[MonaiPlan], nn.Module]] = {
    "SegResNet": _segresnet,
    "DynUNet": _dynunet,
    "SwinUNETR": _swin_unetr,
    "AttentionUnet": _attention_unet,
    "BasicUNetPlusPlus": _unet_plus_plus,
}
