"""Models of bioimage.io as runs: applied as they are, trained further, begun with."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from command_line import CommandLine, fill

from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile, ZScore
from napari_dacapo.errors import DiskFullError, UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.exporting.export import export_model
from napari_dacapo.experiments.importing import import_model, normalization_of, run_of_model
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.results.parameters import (
    choose_parameters,
    chosen_parameters,
    forget_parameters,
)
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_model import FromModel
from napari_dacapo.experiments.steps import Notice, TrainStep, result_of
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.one_hot import OneHot

pytest.importorskip("bioimageio.spec", reason="the extra bioimageio is not installed")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """The trained run "first" and its package, model.zip."""
    root = tmp_path_factory.mktemp("workspace")
    run = fill(root, iterations=2, validation_interval=2)
    for _ in train(run, folder_of(root, "first")):
        pass
    result_of(export_model(folder_of(root, "first"), root / "model.zip"))
    return root


def folder_of(workspace: Path, name: str) -> RunFolder:
    return RunFolder(Workspace(workspace).run_folder(name), workspace)


def test_an_imported_run_predicts_what_the_exported_one_did_and_trains_further(workspace, capsys) -> None:
    call = CommandLine(workspace, capsys)
    call.done("import-model", workspace / "model.zip", "again", "-T", "edges", "-D", "cells", "-R", "gentle")
    own, other = (load_trained(folder_of(workspace, name), device="cpu") for name in ("first", "again"))
    image = torch.rand(1, 1, 24, 24, 24)
    with torch.inference_mode():
        torch.testing.assert_close(other.network.eval()(image), own.network.eval()(image), rtol=0, atol=1e-6)
    assert other.iteration == 0
    call.done("apply", "again", workspace / "check-raw.zarr", workspace / "applied")
    assert (workspace / "applied" / "segmentation.zarr").is_dir()
    assert other.run.architecture.input_shape == (56, 56, 56)  # 40 are labelled, 16 are lost
    assert "trained again: 1 of 1" in call.done("train", "again", "--iterations", 1)


def test_without_data_it_can_be_applied_with_the_packages_own_normalization(workspace) -> None:
    first = folder_of(workspace, "first").saved_run()
    run = run_of_model(workspace / "model.zip", first.task)
    low, high = run.datasplit.normalization.low, run.datasplit.normalization.high
    assert (low, high) == pytest.approx((0.0, 255.0))
    assert run.architecture.input_shape == (128, 128, 128)


def test_without_a_task_it_predicts_what_the_exported_run_did(workspace) -> None:
    assert run_of_model(workspace / "model.zip").task == folder_of(workspace, "first").saved_run().task


def test_without_a_task_it_segments_with_the_parameters_of_the_exported_run(workspace) -> None:
    first, space = folder_of(workspace, "first"), Workspace(workspace)
    chosen = dict(first.saved_run().task.parameter_grid()[-1])
    choose_parameters(first, chosen)
    result_of(export_model(first, workspace / "tuned.zip"))
    forget_parameters(first)
    result_of(import_model(space, "tuned", workspace / "tuned.zip"))
    assert chosen_parameters(folder_of(workspace, "tuned")) == chosen


def test_what_cannot_be_imported_leaves_nothing(workspace) -> None:
    space = Workspace(workspace)
    with pytest.raises(UserInputError, match="Choose a task of 4 channels"):
        result_of(import_model(space, "bad", workspace / "model.zip", InnerDistance()))
    assert "bad" not in space.store.names(Run) and not space.run_folder("bad").exists()
    before = folder_of(workspace, "first").record.read_bytes()
    with pytest.raises(UserInputError, match="a run with weights has it"):
        result_of(import_model(space, "first", workspace / "model.zip"))
    assert folder_of(workspace, "first").record.read_bytes() == before
    space.store.save(Run, "new", folder_of(workspace, "first").saved_run().replace(iterations=9))
    with pytest.raises(UserInputError, match="new"):
        result_of(import_model(space, "new", workspace / "model.zip"))
    assert space.store.read(Run, "new").iterations == 9 and not space.run_folder("new").exists()


def test_an_import_that_found_the_disk_full_leaves_nothing_and_can_be_repeated(
    workspace, monkeypatch
) -> None:
    def full(self: Checkpoints, *_: object) -> None:
        raise DiskFullError(self.folder, needed=2, free=1)

    space, package = Workspace(workspace), workspace / "model.zip"
    with monkeypatch.context() as patched, pytest.raises(DiskFullError):
        patched.setattr(Checkpoints, "save", full)
        result_of(import_model(space, "twice", package))
    assert "twice" not in space.store.names(Run) and not space.run_folder("twice").exists()
    result_of(import_model(space, "twice", package))
    assert load_trained(folder_of(workspace, "twice"), device="cpu").iteration == 0


def flipped(archive: Path) -> bytes:
    """A zip with one bit of its largest part changed, in the middle of what is stored of it."""
    with zipfile.ZipFile(archive) as parts:
        largest = max(parts.infolist(), key=lambda part: part.compress_size)
    data = bytearray(archive.read_bytes())
    data[largest.header_offset + largest.compress_size // 2] ^= 16
    return bytes(data)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_package_whose_weights_were_damaged_on_their_way_is_refused(workspace, tmp_path, zipped) -> None:
    package = tmp_path / "model.zip"
    if zipped:
        package.write_bytes(flipped(workspace / "model.zip"))
    else:
        package = tmp_path / "model"
        package.mkdir()
        with zipfile.ZipFile(workspace / "model.zip") as whole:
            for name in whole.namelist():
                (package / name).write_bytes(whole.read(name))
        (package / "weights.pt").write_bytes(flipped(package / "weights.pt"))
    with pytest.raises(UserInputError, match="damaged"):
        result_of(import_model(Workspace(workspace), "bad", package))
    assert not Workspace(workspace).run_folder("bad").exists()


def test_a_run_of_the_same_network_begins_with_the_weights_of_the_package(workspace) -> None:
    first = load_trained(folder_of(workspace, "first"), device="cpu")
    found = FromModel(path="model.zip").weights(workspace, 1 << 20)
    assert found.channel_names == first.run.task.channel_names(3)
    own = first.network.state_dict()
    assert set(found.tensors) == set(own)
    assert all(torch.equal(found.tensors[name], own[name]) for name in own)
    run = first.run.replace(start=FromModel(path="model.zip"), iterations=1)
    steps = list(train(run, folder_of(workspace, "begun")))
    assert any(isinstance(step, TrainStep) for step in steps)
    told = [step.text for step in steps if isinstance(step, Notice)]
    assert any("All weights were taken over from model.zip" in text for text in told), told


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (OneHot(), "the model gives affinity_z1, .*; the task has background, foreground"),
        (InnerDistance(), "Choose a task of 4 channels"),
        (OneHot(classes=("a", "b", "c", "d")), "made by sigmoid, the task makes a prediction by softmax"),
    ],
)
def test_a_task_that_does_not_fit_the_model_is_refused(workspace, task, message) -> None:
    with pytest.raises(UserInputError, match=message):
        run_of_model(workspace / "model.zip", task)


def step(name: str, **kwargs: float) -> SimpleNamespace:
    return SimpleNamespace(id=name, kwargs=SimpleNamespace(**kwargs))


CLIP, FLOAT = step("clip", min=0.0, max=1.0), step("ensure_dtype", dtype="float32")


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([FLOAT, step("scale_range", min_percentile=2, max_percentile=98.0)], Percentile(low=2.0, high=98.0)),
        ([step("scale_range", min_percentile=0.0, max_percentile=100.0), CLIP], MinMax()),
        ([step("zero_mean_unit_variance", eps=1e-6)], ZScore()),
        ([step("scale_linear", gain=0.5, offset=-1.0)], FixedRange(low=2.0, high=4.0)),
        ([FLOAT, CLIP], FixedRange(low=0.0, high=1.0)),
    ],
)
def test_what_a_package_does_on_images_is_ours(steps, wanted) -> None:
    assert normalization_of(steps) == wanted


def test_what_it_does_on_images_that_has_no_counterpart_is_said() -> None:
    with pytest.raises(UserInputError, match=r"scale_mean_variance.*has no counterpart here"):
        normalization_of([step("scale_mean_variance")])
