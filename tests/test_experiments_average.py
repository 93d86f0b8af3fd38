"""The running mean of weights, and gradients of several batches added up; both go on bit for bit."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import UNET, run, run_folder
from torch import nn

from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints, State
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.average import follow
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.experiments.training.train import train
from napari_dacapo.trainers.trainer import Trainer


def averaged(folder: Path, **changes: float) -> Run:
    fields = {"average_decay": 0.5, "accumulate": 2, "precision": "float32", "loader_threads": 0}
    return run(folder, trainer=Trainer(warmup_iterations=0, **fields), validation_interval=100, **changes)


def state(of: Run, folder: RunFolder) -> State:
    return Checkpoints(folder.checkpoints, of.identity).load().state


def stop_after(of: Run, folder: RunFolder, count: int) -> None:
    steps = train(of, folder, "cpu")
    for _ in islice((step for step in steps if isinstance(step, TrainStep)), count):
        pass
    steps.close()


def test_the_mean_follows_the_weights_and_counts_are_taken_over() -> None:
    mean, network = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    nn.init.constant_(mean.weight, 1.0)
    nn.init.constant_(network.weight, 5.0)
    network.num_batches_tracked += 3
    follow(mean, network, 0.75)
    assert mean.weight.tolist() == [2, 2]
    assert network.weight.tolist() == [5, 5]
    assert mean.num_batches_tracked == 3


@pytest.mark.parametrize(
    ("decay", "iteration", "stays"),
    [(0.999, 0, 0.1), (0.999, 1, 2 / 11), (0.999, 10**6, 0.999), (0.0, 50, 0)],
)
def test_in_the_beginning_less_of_the_mean_stays(decay: float, iteration: int, stays: float) -> None:
    assert Trainer(average_decay=decay).average_decay_at(iteration) == pytest.approx(stays)


def test_the_mean_is_that_of_the_weights_after_each_step(tmp_path: Path) -> None:
    session = Session.begin(averaged(tmp_path), run_folder(tmp_path), "cpu")
    expected = {name: value.clone() for name, value in session.network.state_dict().items()}
    for iteration, stays in ((0, 1 / 10), (1, 2 / 11), (2, 3 / 12)):
        session.learn(session.batches.at(iteration))
        for name, value in session.network.state_dict().items():
            expected[name] = stays * expected[name] + (1 - stays) * value
    for name, value in session.judged.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    assert not torch.equal(session.judged[1].weight, session.network[1].weight)


def test_the_mean_is_what_is_kept_judged_and_applied(tmp_path: Path) -> None:
    whole, folder = averaged(tmp_path, iterations=3), run_folder(tmp_path)
    steps = list(train(whole, folder, "cpu"))
    kept = state(whole, folder)
    assert kept.trained is not None
    assert not torch.equal(kept.weights["head.weight"], kept.trained["head.weight"])
    loaded = load_trained(folder, device="cpu")
    assert torch.equal(loaded.network.state_dict()["head.weight"], kept.weights["head.weight"])
    assert any(isinstance(step, Validation) for step in steps)


def test_without_a_mean_the_weights_themselves_are_kept(tmp_path: Path) -> None:
    whole, folder = run(tmp_path, iterations=1), run_folder(tmp_path)
    list(train(whole, folder, "cpu"))
    assert state(whole, folder).trained is None


@pytest.mark.parametrize("cut", [1, 3])
def test_both_go_on_bit_for_bit(tmp_path: Path, cut: int) -> None:
    whole, parts = run_folder(tmp_path, "whole"), run_folder(tmp_path, "parts")
    of = averaged(tmp_path, iterations=4)
    list(train(of, whole, "cpu"))
    stop_after(of, parts, cut)
    list(train(of, parts, "cpu"))
    expected, found = state(of, whole), state(of, parts)
    assert expected.trained is not None
    assert found.trained is not None
    for one, other in ((expected.weights, found.weights), (expected.trained, found.trained)):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_two_batches_added_up_are_as_one_of_twice_the_patches(tmp_path: Path) -> None:
    of = averaged(tmp_path)
    large = of.replace(trainer=of.trainer.replace(accumulate=1, batch_size=2))
    sessions = [
        Session.begin(each, run_folder(tmp_path, str(n)), "cpu") for n, each in enumerate((of, large))
    ]
    batches = [session.batches.at(0) for session in sessions]
    np.testing.assert_array_equal(batches[0].raw, batches[1].raw)
    for batch in batches:
        batch.weight[...] = 1  # the mean of two means is that of all, if both count alike
    losses = [session.gradients(batch) for session, batch in zip(sessions, batches, strict=True)]
    torch.testing.assert_close(*losses)
    for one, other in zip(*(session.network.parameters() for session in sessions), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-6)


def test_each_batch_is_computed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    session = Session.begin(averaged(tmp_path), run_folder(tmp_path), "cpu")
    session.network.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    session.gradients(session.batches.at(0))
    assert seen == [(1, 1, *UNET.input_shape)] * 2
