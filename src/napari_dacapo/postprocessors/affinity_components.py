"""Voxels connected by affinities."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.postprocessors.affinity_postprocessor import AffinityPostProcessor, nearest_affinities
from napari_dacapo.postprocessors.components import components
from napari_dacapo.postprocessors.postprocessor import Fractions, Parameters, VoxelCounts


class AffinityComponents(AffinityPostProcessor):
    """Voxels connected by affinities above a threshold: quick, but one wrong tie merges two objects."""

    threshold: Fractions = (0.5, 0.75, 0.9, 0.95)
    "Affinities with the next voxel above this connect."

    min_size: VoxelCounts = (20,)
    "Smaller objects, in voxels, go to the object they touch, or are dropped."

    @property
    def bytes_per_voxel(self) -> int:
        return 70

    least_overlap: ClassVar[float] = 0.0  # a tie across a border is one as any other

    def objects(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[np.uint64]:
        return components(nearest_affinities(affinities, neighborhood) > self.value(parameters, "threshold"))
