"""Voxels connected by affinities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.postprocessors.affinity_postprocessor import (
    AffinityPostProcessor,
    belonging,
    nearest_affinities,
)
from napari_dacapo.postprocessors.components import components
from napari_dacapo.postprocessors.objects import finished
from napari_dacapo.postprocessors.postprocessor import Fractions, Parameters, VoxelCounts, finite


class AffinityComponents(AffinityPostProcessor):
    """Voxels connected by affinities above a threshold: quick, but one wrong tie merges two objects."""

    threshold: Fractions = (0.5, 0.75, 0.9, 0.95)
    "Affinities with the next voxel above this connect."

    min_size: VoxelCounts = (20,)
    "Smaller objects, in voxels, go to the object they touch, or are dropped."

    def segment(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[Any]:
        nearest = nearest_affinities(finite(affinities), neighborhood)
        connected = nearest > self.value(parameters, "threshold")
        objects = components(connected)
        return finished(objects, 1 - belonging(nearest), int(self.value(parameters, "min_size")))
