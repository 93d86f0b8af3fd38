"""Going on where files are damaged, gone, or no longer what they were."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from command_line import CommandLine

from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.cli.families import trained_iterations
from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.steps import Notice, Step, TrainStep
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace

WORLD = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run that was validated at 3 and 6 of its 6 iterations."""
    root = tmp_path_factory.mktemp("finished")
    tiny.trained(root)
    return root


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(finished, tmp_path / "workspace"))


def folder_of(workspace: Workspace) -> RunFolder:
    return RunFolder(workspace.run_folder("run"), workspace.path)


def go_on(workspace: Workspace, iterations: int = 6) -> list[Step]:
    run = workspace.store.read(Run, "run").replace(iterations=iterations)
    return list(train(run, folder_of(workspace), "cpu"))


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def mark_another(best: Path) -> None:
    """As where a process died between the scores of an iteration and its marks."""
    Checkpoints(best.parent, "").mark_best("voi_sum", 6, 99.0)


@pytest.mark.parametrize("change", [mark_another, Path.unlink, damage])
def test_what_is_best_is_marked_anew_from_the_scores(
    workspace: Workspace, change: Callable[[Path], None]
) -> None:
    checkpoints = Checkpoints(folder_of(workspace).checkpoints, workspace.store.read(Run, "run").identity)
    before = checkpoints.best()
    change(checkpoints.folder / "best.json")
    go_on(workspace)
    assert before["voi_sum"].iteration in (3, 6)
    assert checkpoints.best() == before


@pytest.mark.parametrize("change", [damage, lambda file: file.write_text(file.read_text().replace("1", "2"))])
def test_where_no_checkpoint_can_be_read_training_does_not_begin_anew(
    workspace: Workspace, change: Callable[[Path], None]
) -> None:
    folder = folder_of(workspace)
    history = (folder.path / "history.jsonl").read_bytes()
    for manifest in folder.checkpoints.glob("*/checkpoint.json"):
        change(manifest)
    with pytest.raises(CheckpointError, match="Every checkpoint"):
        go_on(workspace)
    assert (folder.path / "history.jsonl").read_bytes() == history
    assert trained_iterations(workspace, "run") == 6  # so that deleting it has to be confirmed


def test_a_damaged_copy_of_the_run_is_written_anew_from_the_store(workspace: Workspace) -> None:
    record = folder_of(workspace).record
    damage(record)
    with pytest.raises(CheckpointError, match="Delete this file and train on"):
        go_on(workspace)
    record.unlink()
    steps = go_on(workspace, iterations=8)
    assert [step.iteration for step in steps if isinstance(step, TrainStep)] == [7, 8]


def test_a_run_that_changed_its_components_is_brought_back_from_its_folder(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    before = workspace.store.read(Run, "run")
    workspace.store.save(Run, "run", before.replace(repetition=1), overwrite=True)
    with pytest.raises(CheckpointError, match="bring the old one back") as refusal:
        go_on(workspace)
    *_, advice = str(refusal.value).rstrip(".").partition("napari-dacapo ")
    record = str(folder_of(workspace).record)
    words = [{"NAME": "run", "THAT_FILE": record}.get(word, word) for word in advice.split()]
    CommandLine(workspace.path, capsys).done(*words)
    assert workspace.store.read(Run, "run") == before


def test_a_start_from_older_weights_than_wanted_says_so(workspace: Workspace) -> None:
    for file in (folder_of(workspace).checkpoints / "000000006").glob("weights*"):
        damage(file)
    trained = FromRun(run="run").weights(workspace.path, own_bytes=1 << 20)
    assert trained.origin == "run, iteration 4 (a later one is damaged)"


@pytest.mark.parametrize("part", ["raw", "labels"])
def test_data_that_changed_since_a_run_stopped_are_told(workspace: Workspace, part: str) -> None:
    image = tiny.cells((40, 40, 40), seed=9)[part == "labels"]
    shutil.rmtree(workspace.path / f"train-{part}.zarr")
    write_ome_zarr(workspace.path / f"train-{part}.zarr", image, **WORLD)
    told = [step.text for step in go_on(workspace, iterations=7) if isinstance(step, Notice)]
    assert f"The data changed since iteration 6: {part} of train." in " ".join(told)
    assert not any("changed" in step.text for step in go_on(workspace, 8) if isinstance(step, Notice))


def test_data_that_were_moved_with_their_workspace_are_the_same(workspace: Workspace, tmp_path: Path) -> None:
    moved = Workspace(workspace.path.rename(tmp_path / "moved"))
    assert not any(isinstance(step, Notice) for step in go_on(moved, iterations=7))


def test_what_a_normalisation_counted_in_a_skipped_step_is_forgotten(tmp_path: Path) -> None:
    run = tiny.run(tmp_path, architecture=tiny.UNET.replace(normalization="batch"))
    session = Session.begin(run, tiny.run_folder(tmp_path), "cpu")
    batch = session.batches.at(0)
    batch.raw[...] = np.inf
    assert np.isnan(session.learn(batch))
    assert all(value.isfinite().all() for value in session.network.buffers())


def test_what_dropout_draws_follows_from_the_seed_of_the_run_alone(tmp_path: Path) -> None:
    run, drawn = tiny.run(tmp_path), []
    for before in (1, 2):
        torch.manual_seed(before)
        Session.begin(run, tiny.run_folder(tmp_path), "cpu")
        drawn.append(torch.rand(1).item())
    assert drawn[0] == drawn[1]
