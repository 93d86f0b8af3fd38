"""A piece of the data that a package shows its model with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.padding import read_padded
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.experiments.run import Run

DTYPES = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float32")  # of those that raw comes in


@dataclass(frozen=True, slots=True)
class ExamplePatch:
    """A training patch out of the middle of a dataset, with what is to be done on it first."""

    image: Array  # (c, (z,) y, x) as stored
    normalization: Normalization | None  # None: it is normalised already

    @classmethod
    def of(cls, run: Run, root: Path) -> ExamplePatch:
        """Out of the first dataset that validates, or trains. Raises UserInputError where it is gone."""
        dataset = (*run.datasplit.validation(root), *run.datasplit.training(root))[0]
        plain = dataset.raw if dataset.plain_raw is None else dataset.plain_raw
        is_normalised = dataset.raw is plain
        return cls(_patch(plain, dataset, run), None if is_normalised else run.datasplit.normalization)

    @property
    def stored(self) -> NDArray[Any]:
        """(1, c, (z,) y, x)."""
        return self._whole(self.image)[None]

    @property
    def normalised(self) -> NDArray[np.float32]:
        """The same as the network takes it."""
        image = self.image if self.normalization is None else self.normalization.apply(self.image)
        return np.ascontiguousarray(self._whole(image)[None], np.float32)

    @staticmethod
    def _whole(array: Array) -> NDArray[Any]:
        return array.read((0,) * array.dims, array.spatial_shape)


def _patch(raw: Array, dataset: OpenDataset, run: Run) -> Array:
    shape = run.architecture.input_patch
    middle = ((b + e) / 2 for b, e in zip(dataset.region.begin, dataset.region.end, strict=True))
    sides = zip(middle, raw.offset, raw.voxel_size, shape, strict=True)
    start = tuple(round((m - o) / v - n / 2) for m, o, v, n in sides)
    voxels = read_padded(raw, start, shape, "reflect").reshape(raw.channels or 1, *shape)
    if voxels.dtype.name not in DTYPES:
        voxels = voxels.astype(np.float32)
    return from_numpy(voxels, "c" + "zyx"[-raw.dims :], raw.voxel_size, unit=raw.unit, name=raw.name)
