"""Mutex watershed."""

from typing import Annotated

import numpy as np
from bioimage_cpp.segmentation import mutex_watershed
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.postprocessors.affinity_postprocessor import (
    AffinityPostProcessor,
    belonging,
    nearest_affinities,
    neighbours,
)
from napari_dacapo.postprocessors.components import components
from napari_dacapo.postprocessors.postprocessor import Fractions, Parameters, VoxelCounts


class MutexWatershed(AffinityPostProcessor):
    """Mutex watershed (Wolf et al. 2018): the strongest ties join or part first, and nothing undoes them.

    The tie to the next voxel joins by its affinity above the bias or parts by what lacks to it; long ones
    only part.
    """

    bias: Fractions = (0.25, 0.5, 0.75)
    "The affinity that neither joins nor parts; higher parts more."

    foreground: Fractions = (0.05, 0.4, 0.8)
    "Background is where the mean affinity with direct neighbours is below this; low where objects fill all."

    min_size: VoxelCounts = (20,)
    "Smaller objects, in voxels, go to the object they touch, or are dropped."

    stride: Annotated[int, Field(ge=1, le=16)] = 2
    "Where there are long ties, what parts is looked at in every so many voxels along each axis: 2 is faster."

    @property
    def bytes_per_voxel(self) -> int:
        return 330 if self.stride == 1 else 240

    def objects(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[np.uint64]:
        nearest = nearest_affinities(affinities, neighborhood)
        bias = np.float32(self.value(parameters, "bias"))
        weights, offsets = _ties(affinities, nearest, neighborhood, bias)
        dims = len(nearest)
        stride = self.stride if len(offsets) > 2 * dims else 1
        mask = belonging(nearest) >= self.value(parameters, "foreground")
        joined = nearest > bias
        alone = mask & ~_touched(joined)  # as most are before a network has learned: they only cost time
        clusters = mutex_watershed(weights, offsets, dims, strides=(stride,) * dims, mask=mask & ~alone)
        return _held_together(clusters, joined, alone)


def _ties(
    affinities: NDArray[np.float32],
    nearest: NDArray[np.float32],
    neighborhood: tuple[Voxels, ...],
    bias: np.float32,
) -> tuple[NDArray[np.float32], list[Voxels]]:
    """What joins, an offset along each axis, then what parts; the strongest of all is done first.

    The next voxel stands on both sides: of 0.3 - 0.5 (joins) and 0.5 - 0.3 (parts) the second comes first.
    """
    dims = len(nearest)
    units = [tuple(int(other == axis) for other in range(dims)) for axis in range(dims)]
    long = [channel for channel, offset in enumerate(neighborhood) if sum(map(abs, offset)) > 1]
    weights = np.concatenate([nearest - bias, bias - affinities[long], bias - nearest])
    return weights, [*units, *(neighborhood[channel] for channel in long), *units]


def _touched(joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(axis, (z,) y, x) -> ((z,) y, x): which voxels a tie joins with a neighbour."""
    touched = np.zeros(joined.shape[1:], np.bool_)
    for axis, ties in enumerate(joined):
        before, after = neighbours(axis, touched.ndim)
        touched[before] |= ties[before]
        touched[after] |= ties[before]
    return touched


def _held_together(
    clusters: NDArray[np.uint64], joined: NDArray[np.bool_], alone: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """The clusters cut where no tie above the bias joins them, and those alone, ((z,) y, x) 1..n, 0 kept.

    With strides, most ties below the bias stand on the joining side only and would join in the end.
    """
    for axis, ties in enumerate(joined):
        before, after = neighbours(axis, clusters.ndim)
        ties[before] &= clusters[before] == clusters[after]
    objects = components(joined)
    objects[clusters == 0] = 0
    left = alone | ((objects == 0) & (clusters > 0))
    objects[left] = objects.max() + np.arange(1, np.count_nonzero(left) + 1, dtype=np.uint64)
    return objects
