"""Where in a dataset patches may lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.sample import voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.trainers.patch_shape import PatchShape

NEARLY_WHOLE = 1e-6  # of a voxel; what rounding leaves


@dataclass(frozen=True, slots=True)
class Room:
    """Where the output's first voxel may lie, in raw voxels: from `low` to `high`, both included."""

    low: Voxels
    high: Voxels
    covered: Voxels  # raw voxels that the output covers

    @classmethod
    def of(cls, dataset: OpenDataset, shape: PatchShape) -> "Room":
        """Every place at which the output lies in the dataset's region.

        Raises UserInputError, naming the largest patch that fits, where there is none.
        """
        begin, end = voxels_in(dataset.raw, dataset.region)
        high = tuple(e - n for e, n in zip(end, shape.covered, strict=True))
        if any(h < b for h, b in zip(high, begin, strict=True)):
            raise _too_large(dataset, shape, tuple(e - b for b, e in zip(begin, end, strict=True)))
        return cls(begin, high, shape.covered)

    def anywhere(self, rng: np.random.Generator) -> Voxels:
        """Any place, each as likely."""
        return tuple(rng.integers(self.low, self.high, endpoint=True).tolist())

    def around(self, rng: np.random.Generator, voxel: Voxels) -> Voxels:
        """A place whose output holds the raw voxel, anywhere in it, as far as there is room."""
        return self._nearest(np.subtract(voxel, rng.integers(0, self.covered)))

    def centred(self, voxel: Voxels) -> Voxels:
        """The place whose output has the raw voxel in its middle, as far as there is room."""
        return self._nearest(np.subtract(voxel, np.floor_divide(self.covered, 2)))

    def _nearest(self, place: NDArray[np.intp]) -> Voxels:
        return tuple(np.clip(place, self.low, self.high).tolist())


def voxel_at(array: Array, place: World) -> Voxels:
    """The voxel of an array that a place in the world lies in."""
    voxels = np.subtract(place, array.offset) / np.array(array.voxel_size)
    return tuple(np.floor(voxels + NEARLY_WHOLE).astype(int).tolist())


def _too_large(dataset: OpenDataset, shape: PatchShape, available: Voxels) -> UserInputError:
    sides = zip(shape.input_shape, shape.covered, available, strict=True)
    largest = tuple(min(whole, whole - covered + n) for whole, covered, n in sides)
    return UserInputError(
        "input_shape",
        shape.input_shape,
        f"its output covers {shape.covered} voxels, more than the {available} with labels in {dataset.title}",
        f"Choose an input shape of at most {largest}",
    )
