"""From distances to objects or classes."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.postprocessors.postprocessor import Parameters, PostProcessor

OUTSIDE = -1.0  # as far outside as a squeezed distance can tell


class DistancePostProcessor(PostProcessor):
    """From signed distances to the boundary, squeezed to [-1, 1], positive inside, to ids."""

    @abstractmethod
    def segment(self, distances: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        """Ids ((z,) y, x), unsigned, from (c, (z,) y, x). Objects come from one channel."""
