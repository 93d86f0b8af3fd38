"""How objects that are found block by block become those of the whole."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.postprocessors.postprocessor import Parameters


@dataclass(frozen=True, slots=True)
class Stitching:
    """What a part of a volume tells by itself; small objects and holes are left to when all is known."""

    objects: Callable[[NDArray[np.float32], Parameters], NDArray[np.uint64]]
    # (c, (z,) y, x) -> ((z,) y, x) 1..n, 0 background, of any size
    height: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    # (c, (z,) y, x) -> ((z,) y, x), how small objects are flooded: lowest first
    least_overlap: float
    # share of each of two parts that must be in both for them to be one; 0: any voxel
    fills_holes: bool = True

    def after(self, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> "Stitching":
        """The same of predictions that are changed first."""
        return Stitching(
            objects=lambda prediction, parameters: self.objects(change(prediction), parameters),
            height=lambda prediction: self.height(change(prediction)),
            least_overlap=self.least_overlap,
            fills_holes=self.fills_holes,
        )
