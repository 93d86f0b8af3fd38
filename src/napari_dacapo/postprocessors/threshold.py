"""The class whose distance is above a threshold."""

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.postprocessors.distance_postprocessor import OUTSIDE, DistancePostProcessor
from napari_dacapo.postprocessors.postprocessor import Parameters, finite

Distances = Annotated[tuple[Annotated[float, Field(ge=-1, le=1)], ...], Field(min_length=1, max_length=64)]


class Threshold(DistancePostProcessor):
    """Classes: channel 0 gives id 1, and so on, 0 where no distance is above the threshold.

    Where several channels are above it, the voxel goes to the one it lies deepest in.
    """

    threshold: Distances = (-0.1, 0.0, 0.1)
    "Inside is where the squeezed distance is above this; 0 is the boundary itself."

    @property
    def bytes_per_voxel(self) -> int:
        return 20

    @property
    def gives(self) -> Literal["objects", "classes"]:
        return "classes"

    def segment(self, distances: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        prediction = finite(distances, OUTSIDE)
        inside = prediction.max(axis=0) > self.value(parameters, "threshold")
        dtype = np.uint8 if len(prediction) <= 255 else np.uint16
        return np.where(inside, prediction.argmax(axis=0) + 1, 0).astype(dtype)
