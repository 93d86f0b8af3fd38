"""One class a voxel."""

import numpy as np
import pytest
import torch

from napari_dacapo.errors import UserInputError
from napari_dacapo.tasks.one_hot import OneHot

CELLS = OneHot(classes=("background", "axon", "myelin"))


@pytest.mark.parametrize("dims", [2, 3])
def test_the_target_of_a_voxel_is_1_in_the_channel_of_its_class(dims):
    labels = np.array([0, 2, 1, 1], np.uint8).reshape((1,) * (dims - 1) + (4,))
    target, weight = CELLS.target(labels, np.ones(labels.shape, np.bool_), (1.0,) * dims)
    assert target.reshape(3, 4).tolist() == [[1, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0]]
    # shares of 1/4, 1/2 and 1/4: each of the three classes weighs 4/3 together
    assert weight.reshape(3, 4) == pytest.approx(np.array([[4 / 3, 4 / 3, 2 / 3, 2 / 3]] * 3))


def test_unknown_voxels_have_no_weight_whatever_id_they_bear():
    labels = np.array([[0, 9, 1, 2**40]], np.uint64)
    known = np.array([[True, False, True, False]])
    target, weight = CELLS.target(labels, known, (1.0, 1.0))
    assert weight[0].tolist() == [[1, 0, 1, 0]]  # two classes are there, one voxel each
    assert target[1].tolist() == [[0, 0, 1, 0]]


def test_nothing_known_weighs_nothing():
    _, weight = CELLS.target(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.bool_), (1.0, 1.0))
    assert weight.tolist() == [[[0, 0], [0, 0]]] * 3


def test_the_loss_is_the_cross_entropy_of_the_true_class_by_weight():
    logits = torch.tensor([[1.0, 3.0], [0.0, 1.0]])[None, :, None]  # (b, c, y, x)
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0]])[None, :, None]
    weight = torch.tensor([[3.0, 1.0], [3.0, 1.0]])[None, :, None]
    first, second = np.log(1 + np.exp(-1)), np.log(1 + np.exp(2))
    expected = (3 * first + second) / 4
    assert OneHot().loss(logits, target, weight).item() == pytest.approx(expected)


def test_probabilities_of_a_voxel_sum_up_to_1():
    activated = CELLS.activate(torch.randn(2, 3, 4, 5, generator=torch.manual_seed(0)))
    assert torch.allclose(activated.sum(dim=1), torch.ones(2, 4, 5))


def test_the_background_is_in_no_mean_and_the_mean_dice_decides():
    names = [criterion.name for criterion in CELLS.criteria()]
    assert names[0] == "dice"
    assert "dice/axon" in names
    assert "recall/myelin" in names
    assert not any("background" in name for name in names)
    truth = np.array([[0, 0, 1, 2]], np.uint8)
    scores = CELLS.score(np.array([[0, 1, 1, 0]], np.uint8), truth, np.ones((1, 4), np.bool_))
    assert list(scores) == names
    assert scores["dice"] == pytest.approx((2 / 3 + 0) / 2)


def test_unknown_voxels_are_not_scored():
    truth = np.array([[0, 1, 1, 2]], np.uint8)
    known = np.array([[True, True, False, False]])
    assert CELLS.score(np.array([[0, 1, 2, 1]], np.uint8), truth, known)["dice"] == 1.0


def test_a_class_id_beyond_the_classes_is_refused_with_the_table_of_classes():
    labels = np.array([[0, 3, 1]], np.uint8)
    with pytest.raises(UserInputError) as raised:
        CELLS.refuse_labels(labels, np.ones((1, 3), np.bool_))
    message = str(raised.value)
    assert "labels is 3: no class has this id; there are 0 background, 1 axon, 2 myelin." in message
    CELLS.refuse_labels(labels, np.array([[True, False, True]]))  # unknown there


def test_the_table_of_many_classes_is_cut_short():
    many = OneHot(classes=tuple(f"a cell of the kind number {kind}" for kind in range(300)))
    with pytest.raises(UserInputError, match=r"0 a cell of the kind number 0, .* …\. Name a class") as raised:
        many.refuse_labels(np.array([[300]], np.uint16), np.ones((1, 1), np.bool_))
    assert len(str(raised.value)) <= 300


def test_labels_with_channels_are_refused():
    with pytest.raises(UserInputError, match=r"labels is .*2 channels; this task takes one id"):
        CELLS.target(np.zeros((2, 4, 4), np.uint8), np.ones((4, 4), np.bool_), (1.0, 1.0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"classes": ("one",)}, "classes"),
        ({"classes": ("a", "b", "a")}, "two classes have one name"),
        ({"classes": ("a", "")}, "classes"),
        ({"kernel_size": 2}, "it is even and has no middle. Choose 1, 3, 5 or 7"),
        ({"lowest_share": 0.9, "highest_share": 0.1}, "lowest_share is not below highest_share"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields, message):
    with pytest.raises(UserInputError, match=message):
        OneHot(**fields)
