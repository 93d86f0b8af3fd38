"""The most probable class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.postprocessors.class_postprocessor import ClassPostProcessor
from napari_dacapo.postprocessors.postprocessor import Parameters, finite


class Argmax(ClassPostProcessor):
    """The most probable class of each voxel, of equally probable ones the first."""

    @property
    def bytes_per_voxel(self) -> int:
        return 20

    def segment(self, probabilities: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        dtype = np.uint8 if len(probabilities) <= 256 else np.uint16
        classes: NDArray[Any] = finite(probabilities).argmax(axis=0).astype(dtype)
        return classes
