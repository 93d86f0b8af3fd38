"""A U-Net of residual blocks: what it adds to, and that it trains."""

import numpy as np
import torch
from tiny import UNET, run, run_folder
from unets import TWO_POOLINGS_2D

from napari_dacapo.architectures.residual_unet import ResidualUNet
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.experiments.training.train import train
from napari_dacapo.networks.blocks import ResidualPass
from napari_dacapo.networks.plan import Convolve
from napari_dacapo.trainers.trainer import Trainer

PLAIN, RESIDUAL = UNet(**TWO_POOLINGS_2D), ResidualUNet(**TWO_POOLINGS_2D)


def test_shapes_and_context_are_those_of_a_plain_one() -> None:
    for name in ("context", "stride", "border", "scale", "validation_patch"):
        assert getattr(RESIDUAL, name) == getattr(PLAIN, name)
    assert RESIDUAL.output_shape(RESIDUAL.input_patch) == PLAIN.output_shape(PLAIN.input_patch)


# in -> out of the five passes: 1 -> 2, 2 -> 4, 4 -> 8, 4 + 4 -> 4, 2 + 2 -> 3, a weight each and a bias
def test_it_has_the_weights_of_a_plain_one_and_one_of_1_for_each_pass() -> None:
    more = 2 * (1 + 1) + 4 * (2 + 1) + 8 * (4 + 1) + 4 * (8 + 1) + 3 * (4 + 1)
    assert RESIDUAL.parameter_count(1) == PLAIN.parameter_count(1) + more
    assert RESIDUAL.training_bytes(1, (48, 52), 1) > PLAIN.training_bytes(1, (48, 52), 1)


def test_what_convolutions_make_is_added_to_what_came_in() -> None:
    block = ResidualPass(Convolve(1, 1, ((3, 3),), crops=True, residual=True), "none")
    for weight in block.parameters():
        torch.nn.init.zeros_(weight)
    image = torch.arange(25.0).reshape(1, 1, 5, 5) - 12
    torch.nn.init.ones_(block.straight.weight)
    assert torch.equal(block(image), image[..., 1:-1, 1:-1].relu())
    torch.nn.init.constant_(block.change[0].bias, -3.0)
    assert torch.equal(block(image), (image[..., 1:-1, 1:-1] - 3).relu())


def test_a_run_with_it_learns(tmp_path) -> None:
    fields = {name: getattr(UNET, name) for name in UNet.model_fields}
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0)
    whole = run(tmp_path, architecture=ResidualUNet(**fields), trainer=trainer, iterations=25)
    whole = whole.replace(datasplit=whole.datasplit.replace(validate=()))
    losses = [s.loss for s in train(whole, run_folder(tmp_path)) if isinstance(s, TrainStep)]
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])
