"""Networks from files: opened without running what nobody trusts, trained where asked."""

import numpy as np
import pytest
import torch
from saved_networks import exported, save_scripted, saved_network, scripted
from tiny import run, run_folder

from napari_dacapo.architectures.saved_network import SavedNetwork
from napari_dacapo.errors import CheckpointError, UserInputError
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.trainers.trainer import Trainer

in_2d_and_3d = pytest.mark.parametrize("dims", [2, 3])


@in_2d_and_3d
def test_both_kinds_of_file_give_the_features_of_the_module_that_was_saved(dims: int) -> None:
    image = torch.rand(1, 2, *(12,) * dims)
    script = saved_network(dims).build(2)
    program = saved_network(dims, path=str(exported(dims)), trusted=True).build(2)
    assert script(image).shape == (1, 3, *saved_network(dims).output_shape((12,) * dims))
    torch.testing.assert_close(script(image), program(image))


@pytest.mark.parametrize("path", [scripted(2), exported(2)], ids=["TorchScript", "exported"])
def test_only_weights_whose_names_match_are_trained(path) -> None:
    network = saved_network(2, path=str(path), trusted=True, trainable=r"^2\.").build(2).train()
    network(torch.rand(1, 2, 12, 12)).sum().backward()
    trained = {name: weight.grad is not None for name, weight in network.named_parameters()}
    assert trained == {
        "module.0.weight": False,
        "module.0.bias": False,
        "module.2.weight": True,
        "module.2.bias": True,
    }


@pytest.mark.parametrize("path", [scripted(2), exported(2)], ids=["TorchScript", "exported"])
def test_the_weights_are_counted_without_opening_the_file(path) -> None:
    assert saved_network(2, path=str(path)).parameter_count(2) == 2 * 4 * 9 + 4 + 4 * 3 + 3
    assert saved_network(2, path="nowhere.pt").parameter_count(2) == 0


def test_an_exported_program_is_opened_only_if_trusted() -> None:
    with pytest.raises(UserInputError, match="trusted is False: an exported program may run any code"):
        saved_network(2, path=str(exported(2))).build(2)


def test_a_pickle_is_never_opened(tmp_path) -> None:
    torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "module.pt")
    with pytest.raises(UserInputError, match="a pickle may run any code and is not opened") as raised:
        saved_network(2, path=str(tmp_path / "module.pt"), trusted=True).build(1)
    assert raised.value.field == "path"


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip file"])
def test_what_is_no_module_is_refused(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "module.pt").write_bytes(content)
    with pytest.raises(UserInputError, match=r"path is .*(no such file|neither TorchScript nor)"):
        saved_network(2, path=str(tmp_path / "module.pt")).build(1)


# from a patch of 20 by steps of 8 that lose 5: 12, 20, 28 and so on; 4 would leave nothing
def test_shapes_lie_whole_steps_from_the_patch() -> None:
    network = saved_network(
        2, input_shape=(20, 20), lost=(5, 5), step=(8, 8), upsampling=(2, 1), eval_shape_increase=(8, 0)
    )
    assert network.nearest_input_shape((1, 17)) == (12, 20)
    assert network.nearest_input_shape((21, 15), at_least=True) == (28, 20)
    assert network.output_shape((28, 12)) == (46, 7)
    assert network.validation_patch == (28, 20)
    with pytest.raises(UserInputError, match=r"input_shape is \(21, 20\): .*Nearest that works: \(20, 20\)"):
        network.output_shape((21, 20))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lost": (12, 2)}, "nothing of the patch would be left"),
        ({"step": (8,) * 3}, "it has 3 numbers, the patch 2. Give 2"),
        ({"step": (8, 8), "eval_shape_increase": (4, 8)}, "larger by whole steps of"),
        ({"trainable": "("}, "trainable is .*no regular expression"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, message) -> None:
    with pytest.raises(UserInputError, match=message):
        saved_network(2, **fields)


def test_a_run_with_one_learns_and_validates(tmp_path) -> None:
    network: SavedNetwork = saved_network(3, path=str(scripted(3, 1)), fmaps_out=3)
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.02, warmup_iterations=0)
    whole = run(tmp_path, architecture=network, trainer=trainer, iterations=30, validation_interval=30)
    steps = list(train(whole, run_folder(tmp_path)))
    losses = [step.loss for step in steps if isinstance(step, TrainStep)]
    assert np.mean(losses[-5:]) < 0.95 * np.mean(losses[:5])
    assert any(isinstance(step, Validation) for step in steps)


def test_another_file_in_the_place_of_the_one_whose_weights_were_trained_is_told(tmp_path) -> None:
    def layers(activation: torch.nn.Module) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Conv3d(1, 4, 3), activation, torch.nn.Conv3d(4, 3, 1))

    file, folder = tmp_path / "net.pt", run_folder(tmp_path)
    save_scripted(layers(torch.nn.ReLU()), file)
    network: SavedNetwork = saved_network(3, path=str(file), fmaps_out=3)
    whole = run(tmp_path, architecture=network, iterations=1, validation_interval=1)
    for _ in train(whole, folder):
        pass
    old = file.read_bytes()
    save_scripted(layers(torch.nn.Tanh()), file)  # of equal shapes
    for use in (lambda: load_trained(folder, device="cpu"), lambda: next(train(whole, folder))):
        with pytest.raises(CheckpointError, match=r"replaced since iteration 1: .* Put the old file back"):
            use()
    file.write_bytes(old)
    assert load_trained(folder, device="cpu").iteration == 1
