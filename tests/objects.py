"""Small label images, and what a perfect network would say about them."""

from typing import Any

import numpy as np
import torch

from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task

NEIGHBORHOODS = {
    2: ((1, 0), (0, 1), (5, 0), (0, -5)),
    3: ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 5, 0), (0, 0, -5)),
}


def bricks(dims: int) -> np.ndarray:
    """Four (2D) or eight (3D) bricks of 8 voxels that touch each other, background at one end: uint16."""
    places = np.indices((16,) * dims) // 8
    labels = sum(place * 2**axis for axis, place in enumerate(places)) + 1
    return np.pad(labels, [(0, 4)] + [(0, 0)] * (dims - 1)).astype(np.uint16)


def balls(dims: int) -> np.ndarray:
    """Two balls that touch and a third one apart, ids 3, 7 and 2**63 + 5: uint64."""
    labels = np.zeros((36, 20, 20)[:dims], np.uint64)
    for label, centre in ((3, 6.0), (7, 16.0), (2**63 + 5, 29.0)):
        middle = (centre, *(9.5,) * (dims - 1))
        distance = sum((i - m) ** 2 for i, m in zip(np.indices(labels.shape), middle, strict=True))
        labels[(distance < 5.6**2) & (labels == 0)] = label
    return labels


def affinities(dims: int, **fields: Any) -> Affinities:
    return Affinities(neighborhood=NEIGHBORHOODS[dims], **fields)


def padded(task: Task, labels: np.ndarray, voxel_size: tuple[float, ...]) -> np.ndarray:
    """The labels with what the task needs around them, nothing but background."""
    spatial = list(zip(*task.padding(voxel_size), strict=True))
    return np.pad(labels, [(0, 0)] * (labels.ndim - len(voxel_size)) + spatial)


def targets(task: Task, labels: np.ndarray, voxel_size: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Target and weight of all of the labels, all of them known."""
    around = padded(task, labels, voxel_size)
    return task.target(around, np.ones(around.shape[-len(voxel_size) :], np.bool_), voxel_size)


def perfect_output(task: Task, target: np.ndarray) -> torch.Tensor:
    """(1, c, ...) float32: a head's output that is as near to the target as it can be."""
    sure = torch.from_numpy(target[None].astype(np.float32))
    if target.dtype == np.uint8:  # probabilities: 20 before the sigmoid or softmax, or -20
        return 40 * sure - 20
    return sure


def prediction(task: Task, labels: np.ndarray, voxel_size: tuple[float, ...]) -> np.ndarray:
    """(c, ...) float32: what a perfect network predicts."""
    target, _ = targets(task, labels, voxel_size)
    return task.activate(perfect_output(task, target))[0].numpy()
