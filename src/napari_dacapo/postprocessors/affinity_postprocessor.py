"""From affinities to objects."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.postprocessors.objects import finished
from napari_dacapo.postprocessors.postprocessor import Parameters, PostProcessor, finite
from napari_dacapo.postprocessors.stitching import Stitching


class AffinityPostProcessor(PostProcessor):
    """From the probabilities that voxel p and voxel p + offset belong to one object, to objects."""

    least_overlap: ClassVar[float] = 0.5  # as in `Stitching`

    @property
    def gives(self) -> Literal["objects", "classes"]:
        return "objects"

    @abstractmethod
    def objects(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[np.uint64]:
        """Object ids ((z,) y, x), 1..n of any size, 0 for background; `affinities` are finite."""

    def segment(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[Any]:
        """Object ids ((z,) y, x), unsigned, 1..n, 0 for background.

        `affinities` is (c, (z,) y, x) in [0, 1], a channel per offset of `neighborhood`, which holds
        the offsets to the next voxel along each axis.
        """
        here = self.stitching(neighborhood)
        objects = here.objects(affinities, parameters)
        return finished(objects, here.height(affinities), int(self.value(parameters, "min_size")))

    def stitching(self, neighborhood: tuple[Voxels, ...]) -> Stitching:
        return Stitching(
            objects=lambda affinities, parameters: self.objects(finite(affinities), neighborhood, parameters),
            height=lambda affinities: 1 - belonging(nearest_affinities(finite(affinities), neighborhood)),
            least_overlap=self.least_overlap,
        )


def nearest_affinities(
    affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...]
) -> NDArray[np.float32]:
    """(axes, (z,) y, x): of voxel p with the next one along each axis, 0 where there is none.

    An offset of -1 tells of p - 1 and p, so its channel is moved by one voxel.
    """
    dims = affinities.ndim - 1
    nearest = np.zeros((dims, *affinities.shape[1:]), np.float32)
    for axis in range(dims):
        unit = tuple(int(other == axis) for other in range(dims))
        backward = tuple(-step for step in unit)
        pairs = tuple(slice(0, n - step) for n, step in zip(affinities.shape[1:], unit, strict=True))
        if unit in neighborhood:
            nearest[axis][pairs] = affinities[neighborhood.index(unit)][pairs]
        else:
            later = tuple(slice(step, None) for step in unit)
            nearest[axis][pairs] = affinities[neighborhood.index(backward)][later]
    return nearest


def belonging(nearest: NDArray[np.float32]) -> NDArray[np.float32]:
    """((z,) y, x) in [0, 1]: the mean affinity of each voxel with its direct neighbours on both sides.

    1 inside of objects, 0 in background; on the flat side of an object 5/6 in 3D, 3/4 in 2D.
    """
    total = np.zeros(nearest.shape[1:], np.float32)
    pairs = np.zeros(nearest.shape[1:], np.float32)
    for axis, affinity in enumerate(nearest):
        before, after = neighbours(axis, total.ndim)
        total[before] += affinity[before]
        total[after] += affinity[before]
        pairs[before] += 1
        pairs[after] += 1
    mean: NDArray[np.float32] = total / pairs.clip(1)
    return mean


def weakest(nearest: NDArray[np.float32]) -> NDArray[np.float32]:
    """((z,) y, x) in [0, 1]: the lowest affinity of each voxel with any of its direct neighbours."""
    lowest = np.ones(nearest.shape[1:], np.float32)
    for axis, affinity in enumerate(nearest):
        before, after = neighbours(axis, lowest.ndim)
        for side in (before, after):
            np.minimum(lowest[side], affinity[before], out=lowest[side])
    return lowest


def neighbours(axis: int, dims: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """All voxels that have a next one along the axis, and those next ones."""
    before = tuple(slice(0, -1) if other == axis else slice(None) for other in range(dims))
    after = tuple(slice(1, None) if other == axis else slice(None) for other in range(dims))
    return before, after
