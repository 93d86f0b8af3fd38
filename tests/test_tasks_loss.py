"""What every loss promises: unknown voxels do not matter, and a perfect output costs nearly nothing."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from objects import affinities, bricks, perfect_output, targets

from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.head import convolution, weighted_mean
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance

TASKS = {
    "affinities": affinities(2),
    "signed distance": SignedDistance(scale=2.0),
    "inner distance": InnerDistance(scale=2.0),
    "distances of classes": SignedDistance(
        channels=("one", "two", "three", "four"), scale=2.0, postprocessor=Threshold()
    ),
    "one-hot": OneHot(classes=("background", "one", "two", "three", "four")),
}
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def tensors(task) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A perfect output, target and weight, (1, c, y, x) float32."""
    target, weight = targets(task, bricks(2), (1.0, 1.0))
    return (
        perfect_output(task, target),
        torch.from_numpy(target[None].astype(np.float32)),
        torch.from_numpy(weight[None]),
    )


@every_task
def test_a_perfect_output_costs_nearly_nothing_and_a_wrong_one_much(task):
    output, target, weight = tensors(task)
    assert task.loss(output, target, weight).item() < 1e-6
    assert task.loss(-output, target, weight).item() > 0.2


@every_task
def test_without_weight_the_loss_is_0_and_so_is_its_gradient(task):
    output, target, weight = tensors(task)
    output.requires_grad_()
    loss = task.loss(output, target, torch.zeros_like(weight))
    loss.backward()
    assert loss.item() == 0
    assert not output.grad.any()


@every_task
def test_gradients_are_finite_however_wrong_the_output(task):
    output, target, weight = tensors(task)
    wrong = (-1e4 * output).requires_grad_()
    loss = task.loss(wrong, target, weight)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(wrong.grad).all()
    assert wrong.grad.any()


@every_task
@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 1))
def test_what_is_predicted_without_weight_changes_nothing(task, seed, share):
    torch.manual_seed(seed)
    _, target, weight = tensors(task)
    output = torch.randn_like(target)
    unknown = torch.rand_like(target[:, :1]) < share  # all channels of a voxel
    kept = torch.where(unknown, 0, weight)
    changed = torch.where(unknown, 1e3 * torch.randn_like(output), output)
    assert task.loss(output, target, kept).item() == task.loss(changed, target, kept).item()


@every_task
def test_the_loss_does_not_grow_with_the_weights(task):
    output, target, weight = tensors(task)
    wrong = 0.1 * output
    assert task.loss(wrong, target, 7 * weight).item() == pytest.approx(
        task.loss(wrong, target, weight).item()
    )


def test_the_mean_by_weight():
    loss, weight = torch.tensor([1.0, 5.0, 100.0]), torch.tensor([3.0, 1.0, 0.0])
    assert weighted_mean(loss, weight).item() == 2.0


@pytest.mark.parametrize(("dims", "kernel_size"), [(2, 1), (3, 1), (2, 3), (3, 5)])
def test_a_head_keeps_the_shape(dims, kernel_size):
    layer = convolution(4, 3, dims, kernel_size)
    assert layer(torch.zeros(2, 4, *(6,) * dims)).shape == (2, 3, *(6,) * dims)


def test_a_head_of_larger_kernels_sees_no_dark_frame_around_an_even_patch():
    layer = convolution(1, 1, 2, 3)
    assert layer(torch.ones(1, 1, 5, 5)).std().item() == pytest.approx(0, abs=1e-6)
