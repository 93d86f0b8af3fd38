"""Datasets of a few voxels, and what samples patches of them."""

from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.trainers.patch_shape import PatchShape
from napari_dacapo.trainers.sampler import Sampler
from napari_dacapo.trainers.trainer import Trainer


def array(data: np.ndarray, voxel_size: tuple[float, ...] | None = None, **changes: Any) -> Array:
    """Of voxels of size 1 unless told; four axes, or three under `channels`, begin with channels."""
    channels = changes.pop("channels", data.ndim == 4)
    axes = ("c" if channels else "") + "zyx"[-(data.ndim - channels) :]
    return from_numpy(data, axes, voxel_size or (1.0,) * (data.ndim - channels), **changes)


def opened(raw: Array, labels: Array, **changes: Any) -> OpenDataset:
    fields: dict[str, Any] = {
        "title": "cells",
        "raw": raw,
        "labels": labels,
        "known": None,
        "region": raw.box.intersect(labels.box),
        "excluded": None,
        "weight": 1,
        "points": (),
    }
    return OpenDataset(**(fields | changes))


def shape_of(
    input_shape: Voxels,
    output_shape: Voxels | None = None,
    scale: Voxels | None = None,
    padding: tuple[Voxels, Voxels] | None = None,
) -> PatchShape:
    """Output as large as the input, and nothing around it, unless told."""
    dims = len(input_shape)
    nothing = ((0,) * dims, (0,) * dims)
    return PatchShape(input_shape, output_shape or input_shape, scale or (1,) * dims, padding or nothing)


def sampler(
    datasets: OpenDataset | tuple[OpenDataset, ...], trainer: Trainer, shape: PatchShape, seed: int = 0
) -> Sampler:
    several = datasets if isinstance(datasets, tuple) else (datasets,)
    sizes = (shape.input_shape, shape.output_shape, shape.scale, shape.padding)
    return Sampler(several, trainer, seed, *sizes)


def numbered(shape: Voxels) -> np.ndarray:
    """Every voxel has an id of its own, counted from 1."""
    return 1 + np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
