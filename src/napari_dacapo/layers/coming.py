"""Layers that stand for what a training will show.

napari takes a quarter of a second to add one, so they are added before it trains: hidden, of a single voxel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.layers.layer import LayerData, image, labels
from napari_dacapo.layers.results import is_one_of_several

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.run_folder import RunFolder

WAITS = "napari_dacapo_waits"  # in the metadata of such a layer


@dataclass(frozen=True, slots=True, eq=False)
class Coming:
    """Of a snapshot and of a validation, in the order of those."""

    snapshot: list[LayerData] = field(default_factory=list)
    validation: list[LayerData] = field(default_factory=list)


def coming_layers(run: Run, folder: RunFolder) -> Coming:
    """Where its data lie. Raises UserInputError where these cannot be opened."""
    channels = len(run.task.channel_names(run.architecture.dims))
    coming = Coming()
    if run.trainer.snapshot_interval:
        raw = run.datasplit.training(folder.root)[0].raw
        of_task = _voxel(raw, channels)
        counted = {"raw": _voxel(raw, raw.channels or 1), "target": of_task, "weight": of_task}
        for name, voxel in (counted | {"prediction": of_task}).items():
            coming.snapshot.append(_waiting(image(voxel, name)))
    checks = run.datasplit.validation(folder.root) if run.validation_interval else ()
    for check in checks[:1]:
        ids = _voxel(check.raw, 1, np.uint8)
        if is_one_of_several(run):
            raw = _voxel(check.raw, check.raw.channels or 1)
            coming.validation.append(_waiting(image(raw, f"{check.title} raw")))
        coming.validation.append(_waiting(image(_voxel(check.raw, channels), f"{check.title} prediction")))
        coming.validation.append(_waiting(labels(ids, f"{check.title} segmentation")))
    return coming


def _voxel(where: Array, channels: int, dtype: DTypeLike = np.float32) -> Array:
    """The first one of an image; a single channel is no axis."""
    axes = ("c" if channels > 1 else "") + "zyx"[-where.dims :]
    data = np.zeros((channels,) * (channels > 1) + (1,) * where.dims, dtype)
    return from_numpy(data, axes, where.voxel_size, where.offset, where.unit)


def _waiting(layer: LayerData) -> LayerData:
    data, properties, kind = layer
    told = {"name": f"{properties['name']}, to come", "visible": False, "metadata": {WAITS: True}}
    return np.asarray(data), properties | told, kind


def is_waiting(layer: LayerData) -> bool:
    return WAITS in layer[1].get("metadata", {})
