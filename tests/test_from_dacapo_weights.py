"""Weights that DaCapo trained are read without running anything, and go on here."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cnnectome import Cnnectome, save_checkpoint
from command_line import CommandLine
from dacapo_projects import RUN, write_project

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.dacapo_checkpoint import read_dacapo_weights
from napari_dacapo.experiments.network import begin_with, build_network
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_dacapo import FromDacapo
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.from_dacapo.project import bring
from napari_dacapo.from_dacapo.report import Brought
from napari_dacapo.store.workspace import Workspace

SMALL = Cnnectome((20, 22), ((2, 2),), head=(3, 1))  # the network of RUN


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ours")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One run with weights of two iterations, of which the newer are those of SMALL."""
    folder = write_project(tmp_path / "theirs", {"runs": [RUN]})
    older = {name: torch.zeros_like(tensor) for name, tensor in SMALL.weights().items()}
    save_checkpoint(checkpoint(folder, 50), older)
    save_checkpoint(checkpoint(folder, 200), SMALL.weights())
    return folder


def checkpoint(folder: Path, iteration: int) -> Path:
    return folder / "first" / "checkpoints" / "iterations" / str(iteration)


def with_weights(project: Path, workspace: Workspace) -> Brought:
    return result_of(bring(project, workspace, weights=True))


def test_a_run_predicts_here_what_it_predicted_there(project: Path, workspace: Workspace) -> None:
    assert with_weights(project, workspace).weights == {"first": "iteration 200"}
    trained = load_trained(RunFolder(workspace.run_folder("first"), workspace.path))
    with torch.no_grad():
        output = trained.network.eval()(SMALL.image())
    torch.testing.assert_close(output, SMALL.output(), atol=1e-5, rtol=0)
    assert (trained.iteration, trained.input_channels) == (200, 1)


def test_weights_that_a_run_has_here_are_not_touched(project: Path, workspace: Workspace) -> None:
    with_weights(project, workspace)
    save_checkpoint(checkpoint(project, 300), SMALL.weights())
    assert "holds a trained run already" in with_weights(project, workspace).weights["first"]
    assert load_trained(RunFolder(workspace.run_folder("first"), workspace.path)).iteration == 200


def test_damaged_weights_are_told_and_leave_no_run_behind(project: Path, workspace: Workspace) -> None:
    file = checkpoint(project, 200)
    data = bytearray(file.read_bytes())
    weight = SMALL.weights().popitem()[1].numpy().tobytes()
    data[data.index(weight)] ^= 1
    file.write_bytes(data)
    assert "is damaged" in with_weights(project, workspace).weights["first"]
    assert not workspace.run_folder("first").exists()


def test_weights_that_do_not_fit_are_told_and_leave_no_run_behind(
    project: Path, workspace: Workspace
) -> None:
    save_checkpoint(checkpoint(project, 200), Cnnectome((20, 22), ((2, 2),), num_fmaps=5).weights())
    assert "of another network" in with_weights(project, workspace).weights["first"]
    assert not workspace.run_folder("first").exists()


def test_a_run_that_began_from_another_begins_with_the_file_or_the_run_here(
    project: Path, workspace: Workspace, tmp_path: Path
) -> None:
    start = {"__type__": "StartConfig", "run": "first", "criterion": "50"}
    write_project(project, {"runs": [{**RUN, "name": "second", "start_config": start}]})
    result_of(bring(project, workspace))
    assert workspace.store.read(Run, "second").start == FromDacapo(path=str(checkpoint(project, 50)))
    other = Workspace(tmp_path / "other")
    with_weights(project, other)
    assert other.store.read(Run, "second").start == FromRun(run="first", iteration=50)


def test_a_new_run_begins_with_weights_of_a_file(project: Path, workspace: Workspace) -> None:
    result_of(bring(project, workspace))
    run = workspace.store.read(Run, "first")
    network = build_network(run, 1)
    trained = FromDacapo(path=str(checkpoint(project, 200))).weights(workspace.path, 10_000)
    told = begin_with(network, run, trained)
    assert told == f"All weights were taken over from {checkpoint(project, 200)}."
    with torch.no_grad():
        torch.testing.assert_close(network(SMALL.image()), SMALL.output(), atol=1e-5, rtol=0)


def test_channels_of_a_head_are_matched_by_name(project: Path, workspace: Workspace) -> None:
    result_of(bring(project, workspace))
    run = workspace.store.read(Run, "first")
    run = run.replace(task=run.task.replace(neighborhood=((0, 1), (1, 0))))
    network = build_network(run, 1)
    names = ("affinity_y1", "affinity_x1", "affinity_ym3")
    start = FromDacapo(path=str(checkpoint(project, 200)), channel_names=names)
    begin_with(network, run, start.weights(workspace.path, 10_000))
    bias = SMALL.weights()["prediction_head.bias"]
    assert network.state_dict()["head.bias"].tolist() == [bias[1], bias[0]]


class Malice:
    """Unpickling it would make a folder."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("owned",)


def saved(thing: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


REFUSED = {
    "code": (saved(Malice()), "without running code"),
    "code beside weights": (saved({"model": SMALL.weights(), "optimizer": Malice()}), "without running code"),
    "nothing": (b"", "no checkpoint of DaCapo"),
    "half of it": (saved({"model": SMALL.weights()})[:900], "no checkpoint of DaCapo"),
    "a text": (b"hello", "no checkpoint of DaCapo"),
    "numbers": (saved(np.float32(1.0).item()), "holds no model"),
    "a list": (saved([torch.ones(1)]), "holds no model"),
    "another model": (saved({"model": {"fc.weight": torch.ones(2)}}), "no weights of a DaCapo run"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_checkpoint_is_refused_and_nothing_in_it_runs(
    tmp_path: Path, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("200").write_bytes(content)
    with pytest.raises(CheckpointError, match=reason):
        read_dacapo_weights(Path("200"))
    assert not Path("owned").exists()


def test_a_file_that_is_absent_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No file lies at"):
        read_dacapo_weights(tmp_path / "200")
    (tmp_path / "200").write_bytes(bytes(1_100_000))
    with pytest.raises(CheckpointError, match="this network's checkpoint at most"):
        read_dacapo_weights(tmp_path / "200", expected_bytes=100)


def test_weights_stored_as_a_plain_dict_are_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "200").write_bytes(saved({"model": SMALL.weights(), "optimizer": {}}))
    head = read_dacapo_weights(tmp_path / "200")["head.bias"]
    assert torch.equal(head, SMALL.weights()["prediction_head.bias"])


def test_the_command_tells_all_and_the_run_is_listed(
    project: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    call = CommandLine(workspace.path, capsys)
    answer = call("import-dacapo", project, "--weights")
    assert answer.code == 0
    assert answer.out.splitlines()[-2:] == [
        "weights of first: iteration 200",
        "5 added, 0 replaced, 0 already there. 0 not taken over.",
    ]
    assert "200 of 200 iterations, cells, small, affs, plain" in " ".join(call("list", "run").out.split())
