"""Inner distance: how deep inside of its object a voxel lies, 0 outside."""

import numpy as np
import pytest
import torch
from tiny import run, run_folder

from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.trainers.trainer import Trainer


def known(labels: np.ndarray) -> np.ndarray:
    return np.ones(labels.shape[-2:], np.bool_)


# ids       0 0 7 7 9 9 0 0     in the middle of nine equal rows, four voxels of padding on each side
# distance  0 0 1 1 1 1 0 0     in half voxels: 7 and 9 touch, each has a boundary there
def test_the_target_is_0_outside_and_tanh_of_the_depth_inside():
    labels = np.zeros((9, 16), np.uint16)
    labels[:, 6:8], labels[:, 8:10] = 7, 9
    target, weight = InnerDistance(scale=2.0).target(labels, known(labels), (1.0, 1.0))
    edge = np.tanh(0.25)
    assert target[0, 0] == pytest.approx([0, 0, edge, edge, edge, edge, 0, 0])
    assert weight[0, 0].tolist() == [1] * 8  # as many inside as outside


def test_background_counts_though_an_object_may_hide_beyond_the_border():
    labels = np.zeros((9, 9), np.uint8)
    hidden = np.ones(labels.shape, np.bool_)
    hidden[:, 6:] = False
    inner, signed = (kind(scale=2.0) for kind in (InnerDistance, SignedDistance))
    assert inner.target(labels, hidden, (1.0, 1.0))[1].all()
    assert not signed.target(labels, hidden, (1.0, 1.0))[1].any()
    labels[:] = 5
    assert not inner.target(labels, hidden, (1.0, 1.0))[1].any()


def test_each_class_has_its_own_depth():
    labels = np.array([[1, 1, 1, 2, 2, 2]] * 3, np.uint8)
    task = InnerDistance(channels=("axon", "myelin"), scale=0.5, postprocessor=Threshold())
    target, _ = task.target(labels, known(labels), (1.0, 1.0))
    assert (target[:, 0] > 0).tolist() == [[True, True, False, False], [False, False, True, True]]


def test_a_prediction_lies_from_0_to_1():
    assert InnerDistance().activate(torch.tensor([-0.5, 0.2, 3.0])).tolist() == pytest.approx([0, 0.2, 1])
    assert InnerDistance().prediction_range == (0, 1)


def test_a_run_learns_it(tmp_path):
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0)
    task = InnerDistance(scale=40.0)
    whole = run(tmp_path, task=task, trainer=trainer, iterations=20, validation_interval=20)
    steps = list(train(whole, run_folder(tmp_path)))
    losses = [step.loss for step in steps if isinstance(step, TrainStep)]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]
    assert any(isinstance(step, Validation) for step in steps)
