"""Connected voxels above a threshold."""

from typing import Any, Literal

import numpy as np
from bioimage_cpp.segmentation import label
from numpy.typing import NDArray

from napari_dacapo.postprocessors.distance_postprocessor import OUTSIDE, DistancePostProcessor
from napari_dacapo.postprocessors.objects import finished
from napari_dacapo.postprocessors.postprocessor import Parameters, VoxelCounts, finite
from napari_dacapo.postprocessors.threshold import Distances


class ConnectedComponents(DistancePostProcessor):
    """Objects: voxels above a threshold that touch by a side. For objects that do not touch each other."""

    threshold: Distances = (0.0, 0.2, 0.4)
    "Inside is where the squeezed distance is above this; 0 is the boundary itself."

    min_size: VoxelCounts = (20,)
    "Objects of fewer voxels are dropped."

    @property
    def gives(self) -> Literal["objects", "classes"]:
        return "objects"

    def segment(self, distances: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        distance = finite(distances[0], OUTSIDE)
        objects = label(distance > self.value(parameters, "threshold"), connectivity=1)
        return finished(objects, -distance, int(self.value(parameters, "min_size")))
