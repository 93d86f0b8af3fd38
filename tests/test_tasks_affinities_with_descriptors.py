"""Local shape descriptors: where in its object a voxel lies, and how that goes on around it."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays
from objects import NEIGHBORHOODS, balls, padded, prediction
from tiny import TASK, run, run_folder

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.steps import TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.tasks.affinities_with_descriptors import AffinitiesWithDescriptors
from napari_dacapo.tasks.shape_descriptors import Window, descriptor_names, descriptors_of, mostly_known
from napari_dacapo.trainers.trainer import Trainer


def with_descriptors(dims: int, **fields) -> AffinitiesWithDescriptors:
    return AffinitiesWithDescriptors(neighborhood=NEIGHBORHOODS[dims], **({"lsd_voxels": 3} | fields))


def summed_by_hand(labels: np.ndarray, voxel: tuple[int, ...], window: Window) -> np.ndarray:
    """One voxel's descriptor from the definition, all sums over the whole image."""
    dims = labels.ndim
    places = np.indices(labels.shape) - np.reshape(voxel, (-1, *(1,) * dims))
    distance = places / np.reshape(window.sigma, (-1, *(1,) * dims))
    near = (np.abs(places) <= np.reshape(window.reach, (-1, *(1,) * dims))).all(axis=0)
    whole = 1.0
    for sigma, reach in zip(window.sigma, window.reach, strict=True):
        whole *= np.exp(-((np.arange(-reach, reach + 1) / sigma) ** 2) / 2).sum()
    gauss = np.exp(-(distance**2).sum(axis=0) / 2) * near * (labels == labels[voxel]) / whole
    size = gauss.sum()
    offset = (gauss * distance).sum(axis=tuple(range(1, dims + 1))) / size
    centred = distance - offset.reshape(-1, *(1,) * dims)
    covariance = (gauss * centred[:, None] * centred).sum(axis=tuple(range(2, dims + 2))) / size
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-5))
    correlation = covariance / np.outer(deviation, deviation)
    pairs = [(a, b) for a in range(dims) for b in range(a + 1, dims)]
    parts = [0.5 + offset / 2, np.diag(covariance), [0.5 + correlation[pair] / 2 for pair in pairs], [size]]
    return np.clip(np.concatenate(parts), 0, 1)


# sigma 1, an object of one row of three voxels in the middle of seven: weights 0.242, 0.399, 0.242 of 0.998
def test_the_descriptor_of_a_short_row_worked_by_hand():
    labels = np.zeros((7, 9), np.uint8)
    labels[3, 3:6] = 5
    window = Window((1.0, 1.0), 1)
    found = descriptors_of(labels, window, (3, 3), (3, 3))[:, 0]  # (6, 3), the row's own voxels
    assert descriptor_names(2) == (
        *("lsd_offset_y", "lsd_offset_x", "lsd_variance_y", "lsd_variance_x"),
        *("lsd_correlation_yx", "lsd_size"),
    )
    one, two, three, four = np.exp([0.0, -0.5, -2.0, -4.5])  # of 0 to 3 voxels away
    whole = one + 2 * (two + three + four)
    middle = [0.5, 0.5, 0, 2 * two / (one + 2 * two), 0.5, one / whole * (one + 2 * two) / whole]
    assert found[:, 1] == pytest.approx(middle, abs=1e-5)
    mean = (two + 2 * three) / (one + two + three)
    variance = (two + 4 * three) / (one + two + three) - mean**2
    first = [0.5, 0.5 + mean / 2, 0, variance, 0.5, one / whole * (one + two + three) / whole]
    assert found[:, 0] == pytest.approx(first, abs=1e-5)
    assert found[1, 2] == pytest.approx(0.5 - mean / 2, abs=1e-5)


@pytest.mark.parametrize("sigma", [(2.0, 1.5), (0.7, 2.0, 1.0)])
def test_descriptors_are_the_sums_of_their_definition(sigma):
    dims = len(sigma)
    labels = np.random.default_rng(0).integers(0, 3, (14,) * dims).repeat(2, axis=0).astype(np.uint64)
    labels[labels > 0] += np.uint64(2**63)
    window = Window(sigma, 1)
    before, after = (5,) * dims, (3,) * dims
    found = descriptors_of(labels, window, before, after)
    places = np.random.default_rng(1).integers(0, found.shape[1:], (20, dims))
    assert (found[-1] == 0).any()
    for place in places:
        voxel = tuple(place + 5)
        own = found[(slice(None), *place)]
        if labels[voxel]:
            assert own == pytest.approx(summed_by_hand(labels, voxel, window), abs=2e-5)
        else:
            assert not own.any()


def test_within_an_object_larger_than_the_window_there_is_nothing_to_tell():
    labels = np.full((20, 20, 20), 9, np.uint16)
    (deep,) = descriptors_of(labels, Window((3.0,) * 3, 1), (9,) * 3, (10,) * 3).reshape(10, -1).T
    assert deep[:3] == pytest.approx([0.5] * 3, abs=1e-5)
    assert deep[3:6] == pytest.approx([0.975] * 3, abs=0.01)  # a Gaussian cut at three sigmas
    assert deep[6:] == pytest.approx([0.5, 0.5, 0.5, 1], abs=1e-5)


def test_of_every_second_voxel_only_they_are_near_to_those_of_all():
    labels = balls(3)
    around = ((6,) * 3, (6,) * 3)
    labels = np.pad(labels, 6)
    fine, coarse = (descriptors_of(labels, Window((4.0,) * 3, step), *around) for step in (1, 2))
    assert ((coarse[-1] > 0) == (fine[-1] > 0)).all()
    assert np.abs(fine - coarse)[:, fine[-1] > 0].mean() < 0.04


# a window of sigma 2 ends after six voxels; the twentieth of its mass lies beyond 1.64 sigmas
def test_near_what_is_unknown_no_descriptor_counts():
    known = np.ones((13, 40), np.bool_)
    known[:, :10] = False
    judged = mostly_known(known, Window((2.0, 2.0), 1), (6, 0), (6, 0))
    assert np.flatnonzero(judged[0]).tolist() == list(range(13, 37))  # beyond the array nothing is known
    assert mostly_known(np.ones((3, 3), np.bool_), Window((2.0, 2.0), 1), (0, 0), (0, 0)).all()


@given(arrays(np.uint16, (9, 26), elements=st.integers(0, 2)), st.integers(1, 3))
def test_a_patch_with_its_padding_has_the_target_of_the_whole(labels, start):
    task = AffinitiesWithDescriptors(neighborhood=((1, 0), (0, 1)), lsd_voxels=1)
    assert task.padding((1.0, 1.0)) == ((3, 3), (3, 3))
    whole, weight = task.target(labels, np.ones(labels.shape, np.bool_), (1.0, 1.0))
    cut = labels[:, start : start + 10]
    part, _ = task.target(cut, np.ones(cut.shape, np.bool_), (1.0, 1.0))
    np.testing.assert_allclose(part, whole[:, :, start : start + 4], atol=1e-3)
    assert (weight > 0).any()


def test_the_window_is_counted_in_shortest_sides_of_a_voxel():
    task = AffinitiesWithDescriptors(lsd_voxels=10)
    assert task.padding((40.0, 4.0, 4.0)) == ((3, 30, 30), (3, 30, 30))
    assert task.padding((8.0, 8.0, 8.0)) == ((30, 30, 30), (30, 30, 30))


@pytest.mark.parametrize("dims", [2, 3])
def test_affinities_and_objects_are_those_of_affinities_alone(dims):
    labels = balls(dims)
    task = with_descriptors(dims, postprocessor=MutexWatershed(foreground=(0.05,)))
    around = padded(task, labels, (1.0,) * dims)
    target, weight = task.target(around, np.ones(around.shape, np.bool_), (1.0,) * dims)
    count = len(task.neighborhood)
    assert set(np.unique(target[:count])) == {0, 1}
    assert target.shape == weight.shape == (count + len(descriptor_names(dims)), *labels.shape)
    perfect = np.concatenate([target[:count], np.random.default_rng(0).random(target[count:].shape)])
    for point in task.parameter_grid():
        found = task.segment(perfect.astype(np.float32), point)
        assert task.score(found, labels, np.ones(labels.shape, np.bool_))["voi_sum"] == pytest.approx(0)


def test_objects_and_background_weigh_the_same_together():
    task = with_descriptors(2)
    labels = balls(2)
    around = padded(task, labels, (1.0, 1.0))
    _, weight = task.target(around, np.ones(around.shape, np.bool_), (1.0, 1.0))
    own = weight[-1]
    assert (weight[len(task.neighborhood) :] == own).all()
    assert own[labels > 0].sum() == pytest.approx(own[labels == 0].sum(), rel=1e-4)


def test_both_losses_are_added_by_the_ratio():
    one, ten = (with_descriptors(2, lsds_to_affs_weight_ratio=ratio) for ratio in (1.0, 10.0))
    count, channels = len(one.neighborhood), len(one.channel_names(2))
    output, target, weight = torch.zeros(1, channels, 2, 2), torch.ones(1, channels, 2, 2), torch.ones(1)
    weight = torch.ones_like(target)
    bce, mse = np.log(2), 0.25
    assert one.loss(output, target, weight).item() == pytest.approx(bce + mse)
    assert ten.loss(output, target, weight).item() == pytest.approx(bce + 10 * mse)
    weight[:, count:] = 0
    assert one.loss(output, target, weight).item() == pytest.approx(bce)


def test_both_heads_get_gradients():
    task = with_descriptors(2)
    head = task.head(4, 2)
    labels = np.pad(balls(2), 9)
    target, weight = (
        torch.from_numpy(array[None].astype(np.float32))
        for array in task.target(labels, np.ones(labels.shape, np.bool_), (1.0, 1.0))
    )
    features = torch.randn(1, 4, *target.shape[2:])
    task.loss(head(features), target, weight).backward()
    assert (head.weight.grad.abs().sum(dim=(1, 2, 3)) > 0).all()
    assert prediction(task, balls(2), (1.0, 1.0)).shape == target.shape[1:]


def test_a_run_with_descriptors_learns_them(tmp_path):
    task = AffinitiesWithDescriptors(
        neighborhood=TASK.neighborhood, postprocessor=TASK.postprocessor, lsd_voxels=3, downsample_lsds=2
    )
    trainer = Trainer(augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0)
    whole = run(tmp_path, task=task, trainer=trainer, iterations=20, validation_interval=20)
    steps = list(train(whole, run_folder(tmp_path)))
    losses = [step.loss for step in steps if isinstance(step, TrainStep)]
    assert np.mean(losses[-5:]) < 0.95 * np.mean(losses[:5])
    assert any(isinstance(step, Validation) for step in steps)


def test_settings_that_cannot_be_are_refused():
    for fields in ({"lsd_voxels": 0}, {"downsample_lsds": 0}, {"lsds_to_affs_weight_ratio": 0.0}):
        with pytest.raises(UserInputError, match=next(iter(fields))):
            AffinitiesWithDescriptors(**fields)
