"""From distances to objects or classes."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.postprocessors.objects import finished
from napari_dacapo.postprocessors.postprocessor import Parameters, PostProcessor, finite
from napari_dacapo.postprocessors.stitching import Stitching

OUTSIDE = -1.0  # as far outside as a squeezed distance can tell


class DistancePostProcessor(PostProcessor):
    """From signed distances to the boundary, squeezed to [-1, 1], positive inside, to ids."""

    @abstractmethod
    def segment(self, distances: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        """Ids ((z,) y, x), unsigned, from (c, (z,) y, x). Objects come from one channel."""

    def stitching(self) -> Stitching | None:
        """None where ids are classes: there is nothing to stitch."""
        return None


class DistanceObjects(DistancePostProcessor):
    """From the distance of one channel to objects."""

    least_overlap: ClassVar[float] = 0.5  # as in `Stitching`

    @property
    def gives(self) -> Literal["objects", "classes"]:
        return "objects"

    @abstractmethod
    def objects(self, distance: NDArray[np.float32], parameters: Parameters) -> NDArray[np.uint64]:
        """Object ids 1..n of any size, 0 for background; both ((z,) y, x), `distance` is finite."""

    def segment(self, distances: NDArray[np.float32], parameters: Parameters) -> NDArray[Any]:
        here = self.stitching()
        objects = here.objects(distances, parameters)
        return finished(objects, here.height(distances), int(self.value(parameters, "min_size")))

    def stitching(self) -> Stitching:
        return Stitching(
            objects=lambda distances, parameters: self.objects(finite(distances[0], OUTSIDE), parameters),
            height=lambda distances: -finite(distances[0], OUTSIDE),
            least_overlap=self.least_overlap,
        )
