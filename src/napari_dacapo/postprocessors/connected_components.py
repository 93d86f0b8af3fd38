"""Connected voxels above a threshold."""

from typing import ClassVar

import numpy as np
from bioimage_cpp.segmentation import label
from numpy.typing import NDArray

from napari_dacapo.postprocessors.distance_postprocessor import DistanceObjects
from napari_dacapo.postprocessors.postprocessor import Parameters, VoxelCounts
from napari_dacapo.postprocessors.threshold import Distances


class ConnectedComponents(DistanceObjects):
    """Objects: voxels above a threshold that touch by a side. For objects that do not touch each other."""

    threshold: Distances = (0.0, 0.2, 0.4)
    "Inside is where the squeezed distance is above this; 0 is the boundary itself."

    min_size: VoxelCounts = (20,)
    "Objects of fewer voxels are dropped."

    @property
    def bytes_per_voxel(self) -> int:
        return 60

    least_overlap: ClassVar[float] = 0.0  # what touches across a border is one

    def objects(self, distance: NDArray[np.float32], parameters: Parameters) -> NDArray[np.uint64]:
        objects: NDArray[np.uint64] = label(distance > self.value(parameters, "threshold"), connectivity=1)
        return objects
