"""From probabilities to classes."""

from abc import abstractmethod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.postprocessors.postprocessor import Parameters, PostProcessor


class ClassPostProcessor(PostProcessor):
    """From the probability of each class to the class of each voxel."""

    @property
    def gives(self) -> Literal["objects", "classes"]:
        return "classes"

    @abstractmethod
    def segment(self, probabilities: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        """Class ids ((z,) y, x), unsigned, from (c, (z,) y, x)."""
