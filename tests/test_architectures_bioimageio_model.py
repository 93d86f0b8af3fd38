"""Models of bioimage.io: shapes read from the package, its own code run only if it is trusted."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from saved_networks import bioimageio_model, packaged, saved_network

from napari_dacapo.architectures.bioimageio_file import read_bioimageio
from napari_dacapo.architectures.bioimageio_model import BioimageioModel
from napari_dacapo.errors import UserInputError
from napari_dacapo.networks.bioimageio_module import load_model, reordered

needs_extra = pytest.mark.skipif(
    "not __import__('importlib.util').util.find_spec('bioimageio')",
    reason="the extra bioimageio is not installed",
)


@needs_extra
def test_a_package_tells_shapes_channels_and_weights() -> None:
    model = bioimageio_model(3)
    assert (model.output_channels, model.stride, model.context) == (3, (2, 2, 2), (3, 3, 3))
    assert model.output_shape((14, 12, 12)) == (12, 10, 10)
    assert model.nearest_input_shape((1, 13, 99), at_least=True) == (12, 14, 100)
    image = torch.rand(1, 2, 12, 14, 12)
    torch.testing.assert_close(model.build(2)(image), saved_network(3).build(2)(image))


@needs_extra
@pytest.mark.parametrize(
    ("channels", "fields", "message"),
    [
        (1, {}, "this network takes 2 channels, the data have 1"),
        (2, {"input_shape": (12, 12, 12), "eval_shape_increase": (0, 0, 0)}, "this network works in 2D"),
        (2, {"path": "nowhere.zip"}, "no such file"),
    ],
)
def test_what_does_not_fit_the_package_is_refused(channels, fields, message) -> None:
    with pytest.raises(UserInputError, match=message):
        bioimageio_model(2).replace(**fields).build(channels)


def test_a_block_is_as_large_as_the_patch_unless_told_in_2d_as_well() -> None:
    model = BioimageioModel(path="model.zip", input_shape=(64, 32))
    assert model.validation_patch == (64, 32)
    with pytest.raises(UserInputError, match="it has 3 numbers, the patch 2"):
        model.replace(eval_shape_increase=(0, 0, 8))


@needs_extra
def test_what_is_no_model_is_refused(tmp_path) -> None:
    folder = tmp_path / "package"
    shutil.copytree(packaged(2), folder)
    description = json.loads((folder / "rdf.yaml").read_text())
    (folder / "rdf.yaml").write_text(json.dumps(description | {"outputs": []}))
    with pytest.raises(UserInputError, match="it is no valid model: outputs"):
        bioimageio_model(2).replace(path=str(folder)).build(2)


@needs_extra
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.tif", b"II*\0" + bytes(64)),
        ("text.txt", b"a network"),
        ("cut.zip", b"PK\x03\x04 and no more"),
        ("rdf.yaml", b"type: [model"),
        ("list.yaml", b"- model"),
    ],
)
def test_a_file_that_is_no_package_is_refused(tmp_path, name, content) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserInputError, match=r"it is no package of bioimage\.io"):
        read_bioimageio(tmp_path / name)


def test_code_that_came_with_a_model_runs_only_if_it_is_trusted() -> None:
    weights = SimpleNamespace(torchscript=None, pytorch_state_dict=object())
    with pytest.raises(UserInputError, match="opening it runs code that came with it"):
        load_model(SimpleNamespace(weights=weights), trusted=False)


def test_a_network_of_other_axes_gets_and_gives_ours() -> None:
    network = reordered(torch.nn.Identity(), "byxc", "bcyx")
    image = torch.rand(1, 2, 3, 4)  # the network sees (1, 3, 4, 2) and calls that b, c, y, x
    assert network(image).shape == (1, 3, 4, 2)
    torch.testing.assert_close(network(image), image.permute(0, 2, 3, 1))
    assert reordered(network, "bczyx", "bczyx") is network
    with pytest.raises(UserInputError, match="its axes are byx and byx"):
        reordered(network, "byx", "byx")
