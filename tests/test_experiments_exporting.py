"""Trained networks for other programs: the files give the prediction, and packages say what they are."""

import json
import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import CommandLine, fill
from examples_of_kinds import example

from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile, ZScore
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.exporting.description import _countable, _finer, _identifiers
from napari_dacapo.experiments.exporting.export import export_model
from napari_dacapo.experiments.exporting.graph import graph_bytes
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.experiments.exporting.module import Predictor, plain_network
from napari_dacapo.experiments.exporting.processing import FLOAT32, postprocessing, preprocessing
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("workspace")
    run = fill(root, iterations=2, validation_interval=2)
    for _ in train(run, folder_of(root)):
        pass
    return root


def folder_of(workspace: Path) -> RunFolder:
    return RunFolder(Workspace(workspace).run_folder("first"), workspace)


def predicted(workspace: Path, image: torch.Tensor) -> torch.Tensor:
    trained = load_trained(folder_of(workspace), device="cpu")
    with torch.inference_mode():
        return Predictor(plain_network(trained), trained.run.task)(image)


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand((3, 1, 22, 18, 30), generator=torch.Generator().manual_seed(1))


def test_a_script_gives_the_prediction_at_any_size_and_tells_no_place_of_this_machine(
    workspace, tmp_path, image
) -> None:
    place = tmp_path / "first.pt"
    result_of(export_model(folder_of(workspace), place, "torchscript"))
    with zipfile.ZipFile(place) as archive:
        assert not any(b"napari_dacapo/networks/" in archive.read(name) for name in archive.namelist())
    found = torch.jit.load(place)(image)
    torch.testing.assert_close(found, predicted(workspace, image), rtol=0, atol=1e-6)


def test_an_exported_program_gives_the_prediction_at_any_size(workspace, tmp_path, image) -> None:
    result_of(export_model(folder_of(workspace), tmp_path / "first.pt2", "torch-export"))
    found = torch.export.load(tmp_path / "first.pt2").module()(image)
    torch.testing.assert_close(found, predicted(workspace, image), rtol=0, atol=1e-6)


def test_onnx_gives_the_prediction_at_any_size_and_says_nothing_of_torchvision(
    workspace, tmp_path, image, caplog
) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    logging.getLogger("torch.onnx").addHandler(caplog.handler)
    result_of(export_model(folder_of(workspace), tmp_path / "first.onnx", "onnx"))
    logging.getLogger("torch.onnx").removeHandler(caplog.handler)
    assert not [text for text in caplog.messages if "torchvision" in text]
    session = runtime.InferenceSession(tmp_path / "first.onnx")
    (found,) = session.run(["prediction"], {"raw": image.numpy()})
    np.testing.assert_allclose(found, predicted(workspace, image), rtol=0, atol=1e-5)


def test_a_package_holds_an_image_and_the_prediction_that_its_description_makes_of_it(
    workspace, tmp_path
) -> None:
    result_of(export_model(folder_of(workspace), tmp_path / "first"))
    held = {path.name for path in (tmp_path / "first").iterdir()}
    assert held == {"rdf.yaml", "weights.pt", "test_input.npy", "test_output.npy", "README.md"}
    fields = json.loads((tmp_path / "first" / "rdf.yaml").read_text())
    (raw,), (output,) = fields["inputs"], fields["outputs"]
    stored = np.load(tmp_path / "first" / "test_input.npy")
    assert (stored.dtype, stored.shape) == (np.uint8, (1, 1, 24, 24, 24))
    scaling = raw["preprocessing"][1]["kwargs"]
    scaled = torch.from_numpy((stored * scaling["gain"] + scaling["offset"]).clip(0, 1).astype(np.float32))
    found = torch.jit.load(tmp_path / "first" / "weights.pt")(scaled).sigmoid().detach()
    assert output["postprocessing"] == [{"id": "sigmoid"}]
    np.testing.assert_allclose(found, np.load(tmp_path / "first" / "test_output.npy"), rtol=0, atol=1e-6)
    assert output["axes"][1]["channel_names"] == ["affinity_z1", "affinity_y1", "affinity_x1", "affinity_x3"]
    assert raw["axes"][2] == {
        "type": "space",
        "id": "z",
        "scale": 8.0,
        "unit": "nanometer",
        "size": {"min": 18, "step": 2},
    }
    assert output["axes"][2]["size"] == {"tensor_id": "raw", "axis_id": "z", "offset": -16}


def test_bioimageio_finds_the_package_valid_and_its_prediction_reproduced(
    workspace, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("BIOIMAGEIO_CACHE_PATH", str(tmp_path / "cache"))
    core = pytest.importorskip("bioimageio.core", reason="the extra bioimageio is not installed")
    result_of(export_model(folder_of(workspace), tmp_path / "first.zip"))
    summary = core.test_model(tmp_path / "first.zip")
    assert summary.status == "passed", summary.format()


def test_the_command_writes_who_made_it_and_refuses_to_replace_unasked(workspace, tmp_path, capsys) -> None:
    call = CommandLine(workspace, capsys)
    words = ("export-model", "first", "--to", tmp_path / "m.zip", "--author", "A. L.", "--license", "MIT")
    assert "with the weights of iteration 2" in call.done(*words)
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        fields = json.loads(archive.read("rdf.yaml"))
    assert (fields["name"], fields["authors"], fields["license"]) == ("first", [{"name": "A. L."}], "MIT")
    assert "it is there already" in call(*words).err
    assert call(*words, "--replace").code == 0


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("model.pth", "torchscript", "files of torchscript end with .pt. Call it model.pt"),
        ("other", "bioimageio", "a folder of something else is there"),
    ],
)
def test_what_must_not_be_written_is_refused(workspace, tmp_path, name, form, message) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(UserInputError, match=message):
        result_of(export_model(folder_of(workspace), tmp_path / name, form, replace=True))


@pytest.mark.parametrize(
    ("normalization", "names"),
    [
        (None, []),
        (FixedRange(low=10.0, high=20.0), ["scale_linear", "clip"]),
        (FixedRange(low=0.0, high=1.0), ["clip"]),
        (Percentile(), ["scale_range", "clip"]),
        (MinMax(), ["scale_range", "clip"]),
        (ZScore(), ["zero_mean_unit_variance"]),
    ],
)
def test_each_normalization_is_said_in_their_words_and_ends_in_float32(normalization, names) -> None:
    operations = preprocessing(normalization, 2)
    assert [each["id"] for each in operations if each != FLOAT32] == names
    assert operations[0] == operations[-1] == FLOAT32


@pytest.mark.parametrize("kind", Task.kinds().values(), ids=lambda kind: kind.__name__)
def test_what_is_said_of_an_activation_is_what_it_does(kind) -> None:
    task = example(kind, 2)
    output = 3 * torch.randn(
        (1, len(task.channel_names(2)), 4, 4), generator=torch.Generator().manual_seed(0)
    )
    low, high = task.prediction_range
    does = {
        "sigmoid": output.sigmoid(),
        "softmax": output.softmax(1),
        "clip": output.clamp(low, high),
        "own": task.activate(output),
    }
    torch.testing.assert_close(does[task.activation], task.activate(output))
    assert [each["id"] for each in postprocessing(task)] == [task.activation] * (task.activation != "own")


# readers of the format round n * size / part down: 7 voxels of 0.1 in parts of 0.1 must not be 6
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_sizes_come_out_right_however_long_a_voxel_is(factor) -> None:
    for size in (8.0, 0.1, 8.1, 1 / 3, 4.6416):
        countable = _countable(size)
        part = _finer(countable, factor)
        assert countable == pytest.approx(size, rel=1e-6)
        assert all(int(n * countable / part) == n * factor for n in range(1, 2000))


@pytest.mark.parametrize(
    ("name", "title"), [("cells", "cells"), ("r1", "r1 network"), ("cells.v2/ß", "cells v2 ß")]
)
def test_any_name_of_a_run_makes_a_title(name, title) -> None:
    assert ModelCard.of_run(name).title == title


def test_names_of_channels_become_identifiers_that_differ() -> None:
    names = ("outer membrane", "outer-membrane", "3", "axon")
    assert _identifiers(names) == ("outer_membrane_0", "outer_membrane_1", "_3", "axon")


class OfOneSize(torch.nn.Module):
    """What it adds has the size of the image it was followed through."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image + torch.from_numpy(np.ones(tuple(image.shape), np.float32))


def test_a_network_that_is_right_at_one_size_only_is_not_written() -> None:
    examples = torch.rand(2, 1, 8, 10), torch.rand(1, 1, 10, 8)
    with pytest.raises(UserInputError, match=r"cannot be written so.*Choose another format: onnx"):
        result_of(graph_bytes(OfOneSize(), examples, "torchscript"))
