"""Networks of MONAI, as records that say what they take before anything is built."""

import numpy as np
import pytest
import torch
from tiny import run, run_folder

from napari_dacapo.architectures.monai_network import KEPT, LEVELS, REACHES, MonaiNetwork
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.steps import Applied, TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.networks import monai_networks
from napari_dacapo.trainers.trainer import Trainer

NAMES = tuple(REACHES)


def network_of(name: str, dims: int = 2, **fields) -> MonaiNetwork:
    levels = LEVELS.get(name, 2)
    sides = {
        "downsample_factors": ((2,) * dims,) * levels,
        "input_shape": (2 * 2**levels,) * dims,
        "eval_shape_increase": (0,) * dims,
        "margin": (4,) * dims,
        "num_fmaps": 12 if name == "SwinUNETR" else 4,
    }
    return MonaiNetwork(network=name, **(sides | fields))


def test_each_choice_can_be_built_and_estimated() -> None:
    assert set(NAMES) == set(KEPT) == set(monai_networks.BUILDERS)
    assert set(NAMES) == set(MonaiNetwork.model_fields["network"].annotation.__args__)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("normalization", ["instance", "group", "batch"])
def test_the_output_is_as_large_as_the_input(name, normalization) -> None:
    pytest.importorskip("monai", reason="the extra monai is not installed")
    network = network_of(name, normalization=normalization)
    shape = tuple(size + stride for size, stride in zip(network.input_shape, network.stride, strict=True))
    built = network.build(3).eval()
    assert built(torch.zeros(2, 3, *shape)).shape == (2, 16, *network.output_shape(shape))
    assert network.output_shape(shape) == shape
    assert sum(weight.numel() for weight in built.parameters()) == network.parameter_count(3)


def test_one_of_long_voxels_pools_less_along_them() -> None:
    pytest.importorskip("monai", reason="the extra monai is not installed")
    network = network_of(
        "DynUNet", 3, downsample_factors=((1, 2, 2), (2, 2, 2)), input_shape=(4, 8, 8), margin=(0, 4, 4)
    )
    assert (network.stride, network.border) == ((2, 4, 4), (0, 4, 4))
    assert network.nearest_input_shape((1, 9, 11)) == (4, 8, 12)
    assert network.build(1).eval()(torch.zeros(1, 1, 6, 8, 12)).shape[2:] == (6, 8, 12)


def test_one_that_is_not_installed_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setattr(monai_networks, "is_installed", lambda: False)
    with pytest.raises(UserInputError, match=r"MONAI is not installed.*pip install 'napari-dacapo\[monai\]'"):
        network_of("SegResNet").build(1)
    assert network_of("SegResNet").parameter_count(5) == 0
    assert "MONAI is not installed" in network_of("SegResNet").warnings((1.0, 1.0))[0]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("SwinUNETR", {"num_fmaps": 16}, "takes multiples of 12. Give 12, 24 or 48"),
        ("SwinUNETR", {"downsample_factors": ((2, 2),) * 3}, "SwinUNETR has 5 poolings, here are 3"),
        ("SegResNet", {"downsample_factors": ((1, 2), (2, 2))}, "halves along every axis"),
        ("DynUNet", {"input_shape": (30, 32)}, r"takes multiples of \(4, 4\). Nearest: \(32, 32\)"),
        ("DynUNet", {"input_shape": (4, 32)}, r"Nearest: \(8, 32\)"),
        ("DynUNet", {"margin": (4, 4, 4)}, "it has 3 numbers, the patch 2"),
    ],
)
def test_what_a_network_cannot_take_is_refused_with_what_it_can(name, fields, message) -> None:
    with pytest.raises(UserInputError, match=message):
        network_of(name, **fields)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_run_with_one_learns_validates_and_is_applied_block_by_block(tmp_path) -> None:
    pytest.importorskip("monai", reason="the extra monai is not installed")
    network = network_of("SegResNet", 3, input_shape=(16, 16, 16), eval_shape_increase=(4, 4, 4))
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0)
    whole = run(tmp_path, architecture=network, trainer=trainer, iterations=20, validation_interval=20)
    steps = list(train(whole, run_folder(tmp_path)))
    losses = [step.loss for step in steps if isinstance(step, TrainStep)]
    assert np.mean(losses[-5:]) < 0.95 * np.mean(losses[:5])
    assert any(isinstance(step, Validation) for step in steps)
    image = whole.datasplit.validate[0].raw
    *_, last = apply(Wanted(run_folder(tmp_path), image, tmp_path / "applied"))
    assert isinstance(last, Applied)
