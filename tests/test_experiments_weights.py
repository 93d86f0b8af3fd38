"""Weights that do not fit are refused before anything is changed, and what fits is taken over by name."""

import hashlib
import json
import os
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from checkpoint_states import state
from safetensors.torch import save_file
from torch import nn

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoint_folder import MANIFEST, sealed, unsealed
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.checkpoints.weights import (
    load_optimizer_into,
    load_weights_into,
    match_head,
    read_weights,
)

torch.set_num_threads(1)

IDENTITY = "unet + affinities"


def network(channels=3, features=2):
    """A body of batch-normalised features and a head with a row per channel."""
    body = nn.Sequential(nn.Conv2d(1, features, 3), nn.BatchNorm2d(features))
    return nn.Sequential(OrderedDict(body=body, head=nn.Conv2d(features, channels, 1)))


def hashed(module):
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.fixture
def checkpoints(tmp_path):
    """Iterations 1,000 and 2,000 of a network."""
    found = Checkpoints(tmp_path / "checkpoints", IDENTITY)
    trained = network()
    for iteration in (1000, 2000):
        found.save(state(iteration, weights=trained.state_dict()))
    return found


def resume(checkpoints, module, identity=IDENTITY, iteration=None):
    """What resuming a run does."""
    again = Checkpoints(checkpoints.folder, identity)
    expected = sum(tensor.nbytes for tensor in module.state_dict().values())
    loaded = again.load(iteration, expected)
    load_weights_into(module, loaded.state.weights)
    return loaded


def edit_manifest(checkpoints, **changes):
    """Seal changed manifests, as another version or a stranger could."""
    for file in checkpoints.folder.rglob(MANIFEST):
        file.write_bytes(sealed(unsealed(file.read_bytes()) | changes))


def missing(checkpoints, module):
    resume(checkpoints, module, iteration=1500)


def other_architecture(checkpoints, module):
    load_weights_into(
        nn.Sequential(OrderedDict(encoder=nn.Conv2d(1, 2, 3), head=module)), network().state_dict()
    )


def other_channels(checkpoints, module):
    load_weights_into(module, network(channels=5).state_dict())


def other_identity(checkpoints, module):
    resume(checkpoints, module, identity="unet with another activation + affinities")


def no_overlap(checkpoints, module):
    weights = {f"block.{number}": torch.zeros(2) for number in range(9)}
    match_head(module, weights, ("y", "x", "z"), (), "a stranger's file")


class Canary:
    """Unpickling this makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def pickled(checkpoints, module):
    file = checkpoints.folder / "weights.pt"
    file.write_bytes(pickle.dumps(Canary(checkpoints.folder / "canary")))
    read_weights(file)


def saved_by_torch(checkpoints, module):
    torch.save(module, checkpoints.folder / "weights.pth")
    read_weights(checkpoints.folder / "weights.pth")


def torchscript(checkpoints, module):
    file = checkpoints.folder / "network.pt"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("network/code/__torch__.py", "")
    read_weights(file)


def bomb_in_a_checkpoint(checkpoints, module):
    checkpoints.save(state(3000, weights={"body": torch.zeros(1 << 19)}))
    resume(checkpoints, module)


def bomb_in_a_file(checkpoints, module):
    file = checkpoints.folder / "weights.safetensors"
    save_file({"body": torch.zeros(1000)}, file)
    read_weights(file, expected_bytes=999)


def newer_format(checkpoints, module):
    edit_manifest(checkpoints, format=2, surprise=[])
    resume(checkpoints, module)


def newer_format_as_start(checkpoints, module):
    edit_manifest(checkpoints, format=2)
    read_weights(checkpoints.folder / "000002000")


def other_optimizer_kind(checkpoints, module):
    saved = torch.optim.SGD(module.parameters(), momentum=0.9).state_dict()
    load_optimizer_into(torch.optim.RAdam(module.parameters()), saved)


def other_optimizer_groups(checkpoints, module):
    saved = torch.optim.RAdam(module.head.parameters()).state_dict()
    load_optimizer_into(torch.optim.RAdam(module.parameters()), saved)


def other_optimizer_shapes(checkpoints, module):
    other = network(features=4)
    saved = torch.optim.RAdam(other.parameters())
    other(torch.rand(2, 1, 4, 4)).sum().backward()
    saved.step()
    load_optimizer_into(torch.optim.RAdam(module.parameters()), saved.state_dict())


def strange_state(checkpoints, module):
    edit_manifest(checkpoints, state={"surprise": 1})
    resume(checkpoints, module)


def unknown_tensor(checkpoints, module):
    edit_manifest(checkpoints, state={"optimizer": {"!tensor": "99"}})
    resume(checkpoints, module)


def unknown_mark(checkpoints, module):
    edit_manifest(checkpoints, state={"optimizer": {"!eval": "1"}})
    resume(checkpoints, module)


def no_such_file(checkpoints, module):
    read_weights(checkpoints.folder)


def broken_header(checkpoints, module):
    file = checkpoints.folder / "weights.safetensors"
    file.write_bytes((8).to_bytes(8, "little") + b"no JSON!")
    read_weights(file)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        pytest.param(missing, ("1,500", "only: 1,000, 2,000"), id="110"),
        pytest.param(
            other_architecture,
            ("20 of them differ", "encoder.weight is missing, wanted (2,"),
            id="113",
        ),
        pytest.param(other_channels, ("head.weight is (5, 2, 1, 1), wanted (3,", "take over"), id="114"),
        pytest.param(other_identity, ("another network or task", "new run that starts from them"), id="115"),
        pytest.param(no_overlap, ("18 of them differ", "body.0.weight", "and 16 more"), id="116"),
        pytest.param(pickled, ("pickle", "torch.load(FILE, weights_only=True)"), id="117"),
        pytest.param(saved_by_torch, ("pickle", "state_dict()"), id="118-module"),
        pytest.param(torchscript, ("TorchScript", "torch.jit.load(FILE).state_dict()"), id="118-torchscript"),
        pytest.param(bomb_in_a_checkpoint, ("2,097,", "may have 1,049,"), id="119-checkpoint"),
        pytest.param(bomb_in_a_file, ("at most 3,996",), id="119-file"),
        pytest.param(newer_format, ("format 2", "Update napari-dacapo"), id="121-resume"),
        pytest.param(newer_format_as_start, ("format 2", "weights-*.safetensors"), id="121-start"),
        pytest.param(other_optimizer_kind, ("optimiser", "new run that starts"), id="122-kind"),
        pytest.param(other_optimizer_groups, ("optimiser", "new run that starts"), id="122-groups"),
        pytest.param(other_optimizer_shapes, ("optimiser", "new run that starts"), id="122-shapes"),
        pytest.param(strange_state, ("Every checkpoint", "2,000 is damaged"), id="strange-state"),
        pytest.param(unknown_tensor, ("!tensor '99' cannot be read",), id="unknown-tensor"),
        pytest.param(unknown_mark, ("'!eval', which this version does not know",), id="unknown-mark"),
        pytest.param(no_such_file, ("Choose a .safetensors file",), id="no-file"),
        pytest.param(broken_header, ("no safetensors file",), id="broken-header"),
    ],
)
def test_a_wrong_checkpoint_is_refused_and_the_network_untouched(checkpoints, act, words):
    module = network()
    before = hashed(module)
    with pytest.raises(CheckpointError) as caught:
        act(checkpoints, module)
    message = str(caught.value).replace(str(checkpoints.folder), "")
    assert all(word in message for word in words), message
    assert len(message) <= 300
    assert hashed(module) == before
    assert not (checkpoints.folder / "canary").exists()


def test_every_difference_is_in_the_notes():
    with pytest.raises(CheckpointError) as caught:
        load_weights_into(network(), network(features=4).state_dict())
    assert len(caught.value.__notes__) == 7  # all but the head's bias and the count of batches
    assert "body.1.bias is (4,), wanted (2,)" in caught.value.__notes__


@pytest.mark.parametrize("damage", [b"", b"PK", None], ids=["111-empty", "111-truncated", "126-deleted"])
def test_a_damaged_checkpoint_gives_the_one_before(checkpoints, damage):
    (file,) = checkpoints.folder.glob("000002000/weights*")
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    loaded = resume(checkpoints, network())
    assert loaded.state.iteration == 1000
    assert "1,000 iterations are lost" in loaded.note


def test_weights_of_the_same_network_are_loaded_bit_for_bit(checkpoints):
    first, second = network(), network()
    for module in (first, second):
        resume(checkpoints, module)
    assert hashed(first) == hashed(second)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU to save from")
def test_what_a_gpu_saved_opens_on_the_cpu(checkpoints):
    checkpoints.save(state(3000, weights=network().cuda().state_dict()))
    assert resume(checkpoints, network()).state.weights["head.bias"].device.type == "cpu"


def test_nothing_of_a_checkpoint_names_a_device(checkpoints):
    everything = b"".join(file.read_bytes() for file in checkpoints.folder.rglob("*") if file.is_file())
    assert b"cpu" not in everything
    assert b"device" not in everything


def test_an_optimizer_goes_on_with_its_own_state():
    module = network()
    saved = torch.optim.RAdam(module.parameters())
    module(torch.rand(2, 1, 4, 4)).sum().backward()
    saved.step()
    fresh = torch.optim.RAdam(module.parameters())
    load_optimizer_into(fresh, saved.state_dict())
    assert fresh.state[module.head.bias]["step"] == 1


@pytest.mark.parametrize("place", ["file", "checkpoint"])
def test_weights_are_read_from_a_file_or_a_checkpoint(checkpoints, tmp_path, place):
    trained = network()
    file = tmp_path / "trained"  # the content tells what it is, not the name
    save_file(trained.state_dict(), file)
    where = file if place == "file" else checkpoints.save(state(1, weights=trained.state_dict()))
    module = network()
    load_weights_into(module, read_weights(where, expected_bytes=1000))
    assert hashed(module) == hashed(trained)


def test_a_head_takes_the_rows_of_channels_of_the_same_name():
    trained, fresh = network(channels=2), network(channels=3)
    before = {name: tensor.clone() for name, tensor in fresh.state_dict().items()}
    report = match_head(fresh, trained.state_dict(), ("z", "y", "far x"), ("y", "z"), "cells, iteration 10")
    assert torch.equal(fresh.head.weight[0], trained.head.weight[1])
    assert torch.equal(fresh.head.bias[:2], trained.head.bias.flip(0))
    assert torch.equal(fresh.head.weight[2], before["head.weight"][2])
    assert torch.equal(fresh.body[0].weight, trained.body[0].weight)
    assert report == (
        "The weights of 3 of 3 layers were taken over from cells, iteration 10. "
        "New channels begin at random: far x."
    )


def test_a_head_with_no_channel_in_common_stays_fresh():
    trained, fresh = network(), network()
    before = fresh.head.weight.clone()
    report = match_head(fresh, trained.state_dict(), ("a", "b", "c"), ("d", "e", "f"), "cells")
    assert torch.equal(fresh.head.weight, before)
    assert report.startswith(
        "The weights of 2 of 3 layers were taken over from cells. Others begin at random: head."
    )


@pytest.mark.parametrize(("channels", "taken"), [(3, "All weights"), (4, "The weights of 2 of 3 layers")])
def test_a_head_of_unknown_channels_is_taken_where_its_shape_is_equal(channels, taken):
    trained, fresh = network(channels), network(3)
    report = match_head(fresh, trained.state_dict(), ("z", "y", "x"), (), "weights.safetensors")
    assert report.startswith(f"{taken} were taken over from weights.safetensors.")
    assert torch.equal(fresh.body[0].weight, trained.body[0].weight)


def test_a_hidden_layer_of_a_head_is_taken_whole():
    def deep(channels):
        head = nn.Sequential(nn.Conv2d(2, 4, 1), nn.Conv2d(4, channels, 1))
        return nn.Sequential(OrderedDict(body=nn.Conv2d(1, 2, 3), head=head))

    trained, fresh = deep(2), deep(3)
    match_head(fresh, trained.state_dict(), ("z", "y", "x"), ("x", "y"), "cells")
    assert torch.equal(fresh.head[0].weight, trained.head[0].weight)
    assert torch.equal(fresh.head[1].weight[2], trained.head[1].weight[0])


def test_a_manifest_is_json_a_person_can_read(checkpoints):
    document = json.loads((checkpoints.folder / "000002000" / MANIFEST).read_bytes())["document"]
    assert (document["format"], document["iteration"], document["identity"]) == (1, 2000, IDENTITY)
