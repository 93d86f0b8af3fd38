"""Hot distance: whether a voxel is inside, and how far from the boundary, learned together."""

import numpy as np
import pytest
import torch
from objects import balls, targets
from tiny import run, run_folder

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.hot_distance import HotDistance
from napari_dacapo.trainers.trainer import Trainer

CLASSES = HotDistance(channels=("axon", "myelin"), scale=1.0, postprocessor=Threshold(threshold=(0.0,)))


def test_the_target_is_inside_and_distance_of_each_class():
    labels = np.zeros((5, 10), np.uint8)
    labels[:, 4:6], labels[:, 6:] = 1, 2
    target, weight = CLASSES.target(labels, np.ones((5, 10), np.bool_), (1.0, 1.0))
    assert CLASSES.channel_names(2) == ("axon_inside", "myelin_inside", "axon_distance", "myelin_distance")
    assert target[0, 0].tolist() == [0, 0, 1, 1, 0, 0]
    assert target[1, 0].tolist() == [0, 0, 0, 0, 1, 1]
    far, half = np.tanh(1.5), np.tanh(0.5)
    assert target[2, 0] == pytest.approx([-far, -half, half, half, -half, -far])
    assert weight[0, 0] == pytest.approx([0.75, 0.75, 1.5, 1.5, 0.75, 0.75])


def test_where_a_boundary_may_hide_only_inside_counts():
    labels, known = np.ones((9, 9), np.uint8), np.ones((9, 9), np.bool_)
    known[:, 5:] = False
    target, weight = HotDistance(scale=2.0, postprocessor=Threshold()).target(labels, known, (1.0, 1.0))
    assert target[0].ravel().tolist() == [1]
    assert weight.ravel().tolist() == pytest.approx([1 / 1.9, 0])  # a share of one, counted as 0.95


def test_the_loss_is_cross_entropy_of_inside_plus_squares_of_distances():
    output = torch.tensor([0.0, 0.5]).reshape(1, 2, 1, 1)
    target = torch.tensor([1.0, -0.5]).reshape(1, 2, 1, 1)
    task = HotDistance()
    assert task.loss(output, target, torch.ones_like(target)).item() == pytest.approx(np.log(2) + 1)
    only_inside = torch.tensor([1.0, 0.0]).reshape(1, 2, 1, 1)
    assert task.loss(output, target, only_inside).item() == pytest.approx(np.log(2))


def test_a_prediction_is_a_probability_and_a_distance():
    found = HotDistance().activate(torch.tensor([0.0, 7.0]).reshape(1, 2, 1, 1))
    assert found.ravel().tolist() == [0.5, 1]


# certainty to be inside, as 2 p - 1:   0.8  -0.2   0.4
# distance:                             0.5   0.5  -0.1
def test_inside_is_what_is_inside_by_both():
    prediction = np.array([[0.9, 0.4, 0.7], [0.5, 0.5, -0.1]], np.float32).reshape(2, 1, 3)
    task = HotDistance(postprocessor=Threshold())
    assert task.segment(prediction, {"threshold": 0.0}).tolist() == [[1, 0, 0]]
    assert task.segment(prediction, {"threshold": 0.6}).tolist() == [[0, 0, 0]]
    assert task.segment(prediction, {"threshold": -0.3}).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("dims", [2, 3])
def test_a_perfect_prediction_gives_touching_objects_back(dims):
    task = HotDistance(scale=5.0, postprocessor=DistanceWatershed(seed=(0.4, 0.6)))
    labels = balls(dims)
    prediction, _ = targets(task, labels, (1.0,) * dims)
    for point in task.parameter_grid():
        scores = task.score(task.segment(prediction, point), labels, np.ones(labels.shape, np.bool_))
        assert scores["ap_50"] == 1
        assert scores["voi_sum"] == pytest.approx(0)


def test_parts_are_stitched_from_what_is_inside_by_both():
    task = HotDistance(postprocessor=DistanceWatershed(seed=(0.2,), min_size=(0,)))
    prediction = np.array([[0.9, 0.9, 0.4, 0.9], [0.5, 0.5, 0.5, 0.5]], np.float32).reshape(2, 1, 4)
    stitching, point = task.stitching(), task.parameter_grid()[0]
    assert stitching.objects(prediction, point).tolist() == [[1, 1, 0, 2]]
    assert stitching.height(prediction)[0] == pytest.approx([-0.5, -0.5, 0.2, -0.5])


def test_a_run_learns_it(tmp_path):
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0)
    whole = run(
        tmp_path, task=HotDistance(scale=40.0), trainer=trainer, iterations=20, validation_interval=20
    )
    steps = list(train(whole, run_folder(tmp_path)))
    losses = [step.loss for step in steps if isinstance(step, TrainStep)]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]
    assert any(isinstance(step, Validation) for step in steps)


def test_a_kernel_of_even_size_is_refused():
    with pytest.raises(UserInputError, match="kernel_size is 2: it is even and has no middle"):
        HotDistance(kernel_size=2)
