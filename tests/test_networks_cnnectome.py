"""Weights of DaCapo's network compute here what they compute there.

The numbers of `There` were printed by models of dacapo-ml 0.3.5 (torch 2.13.0), built from its own configs
and filled with the same weights: how many and which values its head gives, without activation.
"""

from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from cnnectome import Cnnectome
from torch import nn

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.weights import load_weights_into
from napari_dacapo.networks.cnnectome import body_and_head
from napari_dacapo.tasks.head import convolution


class There(NamedTuple):
    shape: tuple[int, ...]
    mean: float
    deviation: float
    first: float
    last: float
    padded_otherwise: int = 0  # voxels at each side that see padding which one of both cuts away


CASES = {
    "2D, valid, distances": (
        Cnnectome((52, 60), ((2, 2), (2, 2))),
        There((1, 2, 12, 20), 0.189118, 0.726922, -0.236751, 0.046695),
    ),
    "3D, valid, affinities": (
        Cnnectome((22, 24, 26), ((2, 2, 2),), head=(3, 1), fmaps_in=2),
        There((1, 3, 6, 8, 10), 0.112579, 1.030718, -5.102532, 0.104613),
    ),
    "2D, same, transposed, classes": (
        Cnnectome((16, 20), ((2, 2), (2, 2)), padding="same", constant_upsample=False, head=(3, 3)),
        There((1, 3, 14, 18), 0.031247, 0.437142, 1.129678, -0.491611),
    ),
    "3D, same, anisotropic, inner distances": (
        Cnnectome((4, 12, 8), ((1, 2, 2), (2, 2, 2)), padding="same"),
        There((1, 2, 4, 12, 8), 0.438114, 1.042297, 0.152512, 0.108655),
    ),
    "3D, valid, transposed": (
        Cnnectome((20, 20, 22), ((2, 2, 2),), constant_upsample=False),
        There((1, 2, 4, 4, 6), 0.025201, 0.192351, -0.057581, 0.313289),
    ),
    "2D, finer, hot distances": (
        Cnnectome((24, 26), ((2, 2),), upsample_factors=((2, 2), (1, 2)), head=(4, 3)),
        There((1, 4, 6, 26), 0.004486, 0.313488, -0.009690, -0.049010, 1),
    ),
    "3D, batch normalisation": (
        Cnnectome((20, 22, 20), ((2, 2, 2),), batch_norm=True),
        There((1, 2, 4, 6, 4), -0.020188, 0.110593, 0.085927, -0.130535),
    ),
    "2D, same, three poolings": (
        Cnnectome((32, 40), ((2, 2), (2, 2), (2, 2)), padding="same"),
        There((1, 2, 28, 36), -0.340856, 0.642622, -0.558971, -0.222496, 2),
    ),
}
every_case = pytest.mark.parametrize(("theirs", "there"), CASES.values(), ids=CASES)


def ours(theirs: Cnnectome) -> nn.Sequential:
    """Our network with the weights of theirs."""
    unet = UNet(
        num_fmaps=theirs.num_fmaps,
        fmap_inc_factor=theirs.fmap_inc_factor,
        fmaps_out=theirs.fmaps_out,
        downsample_factors=theirs.downsample_factors,
        upsample_factors=theirs.upsample_factors,
        constant_upsample=theirs.constant_upsample,
        padding=theirs.padding,
        normalization="batch" if theirs.batch_norm else "none",
        wide_last_rise=True,
        input_shape=theirs.input_shape,
        eval_shape_increase=(0,) * theirs.dims,
    )
    body, head = body_and_head(theirs.weights())
    channels, side = theirs.head
    layers = {
        "body": unet.build(theirs.fmaps_in),
        "head": convolution(unet.fmaps_out, channels, theirs.dims, side),
    }
    network = nn.Sequential(OrderedDict(layers))
    parts = {"body": body, "head": head}
    load_weights_into(network, {f"{part}.{name}": own[name] for part, own in parts.items() for name in own})
    return network.eval()


@every_case
def test_the_network_written_out_in_these_tests_is_that_of_dacapo(theirs: Cnnectome, there: There) -> None:
    output = theirs.output()
    found = There(tuple(output.shape), output.mean(), output.std(), output.flatten()[0], output.flatten()[-1])
    assert found.shape == there.shape
    assert tuple(map(float, found[1:5])) == pytest.approx(there[1:5], abs=1e-5)


@every_case
def test_the_same_image_gives_the_same_output(theirs: Cnnectome, there: There) -> None:
    wanted = theirs.output()
    with torch.no_grad():
        output = ours(theirs)(theirs.image())
    both = zip(output.shape[2:], wanted.shape[2:], strict=True)
    window = tuple(min(sizes) - 2 * there.padded_otherwise for sizes in both)
    torch.testing.assert_close(_middle(output, window), _middle(wanted, window), atol=1e-5, rtol=0)


def _middle(features: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    begins = [(have - want) // 2 for have, want in zip(features.shape[2:], shape, strict=True)]
    return features[(..., *(slice(b, b + n) for b, n in zip(begins, shape, strict=True)))]


NAMES = {
    "unet.l_conv.0.conv_pass.2.weight": "down.0.convolution1.weight",
    "unet.r_up.0.1.up.1.bias": "rise.1.project.bias",
    "unet.r_up.0.0.up.0.weight": "rise.0.project.weight",
    "unet.r_conv.0.1.conv_pass.0.bias": "up.1.convolution0.bias",
    "unet.0.l_conv.2.conv_pass.0.weight": "down.2.convolution0.weight",
    "unet.1.up.1.weight": "finer_rise.0.project.weight",
    "unet.4.conv_pass.2.weight": "finer_up.1.convolution1.weight",
}


@pytest.mark.parametrize(("theirs", "expected"), NAMES.items(), ids=NAMES)
@pytest.mark.parametrize("prefix", ["architecture.", "chain.0.", ""])
def test_a_tensor_gets_the_name_of_its_place(prefix: str, theirs: str, expected: str) -> None:
    body, head = body_and_head({f"{prefix}{theirs}": torch.ones(1), "prediction_head.bias": torch.zeros(1)})
    assert list(body) == [expected]
    assert list(head) == ["bias"]


REFUSED = {
    "architecture.unet.attention.0.0.psi.conv_pass.0.weight": "attention gates",
    "architecture.unet.r_conv.1.0.conv_pass.0.weight": "num_heads",
    "architecture.unet.l_conv.0.se.weight": "CNNectomeUNet does not have",
}


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_has_no_counterpart_is_refused_in_one_sentence(name: str, reason: str) -> None:
    weights = Cnnectome((20, 20), ((2, 2),)).weights()
    with pytest.raises(CheckpointError, match=reason) as raised:
        body_and_head({**weights, name: torch.ones(1)})
    assert len(str(raised.value)) <= 300


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(CheckpointError, match="no weights of a DaCapo run"):
        body_and_head({"features.0.weight": torch.ones(1)})
