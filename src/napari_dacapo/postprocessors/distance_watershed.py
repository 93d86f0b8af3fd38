"""Watershed from the inside of objects."""

import numpy as np
from bioimage_cpp.segmentation import label, watershed
from numpy.typing import NDArray

from napari_dacapo.postprocessors.distance_postprocessor import DistanceObjects
from napari_dacapo.postprocessors.postprocessor import Parameters, VoxelCounts
from napari_dacapo.postprocessors.threshold import Distances


class DistanceWatershed(DistanceObjects):
    """Objects: each connected part deep inside is a seed that floods towards the boundary.

    What is inside but has no seed, too thin to be deep anywhere, is an object of its own.
    """

    seed: Distances = (0.2, 0.4, 0.6)
    "Seeds are where the squeezed distance is above this; higher parts more of what touches."

    threshold: Distances = (0.0,)
    "Inside is where the squeezed distance is above this; 0 is the boundary itself."

    min_size: VoxelCounts = (20,)
    "Smaller objects, in voxels, go to the object they touch, or are dropped."

    @property
    def bytes_per_voxel(self) -> int:
        return 85

    def objects(self, distance: NDArray[np.float32], parameters: Parameters) -> NDArray[np.uint64]:
        inside = distance > self.value(parameters, "threshold")
        seeds = label(inside & (distance > self.value(parameters, "seed")), connectivity=1)
        flooded = watershed(-distance, seeds, mask=inside)
        alone = label(inside & (flooded == 0), connectivity=1)
        objects: NDArray[np.uint64] = np.where(alone > 0, alone + flooded.max(), flooded)
        return objects
