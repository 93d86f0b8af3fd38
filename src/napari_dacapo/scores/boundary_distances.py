"""How far off what was found is."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import World
from napari_dacapo.scores.class_score import ClassScore, Mask
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.mask_distances import distance_to, surface

MEANS = ("mean_false_distance", "mean_false_negative_distance", "mean_false_positive_distance")


class BoundaryDistances(ClassScore):
    """How far off, in world units: Hausdorff distance, its 95th percentile, mean false distances (CREMI).

    A false negative distance is that of a true voxel from what was found, a false positive one that of a
    found voxel from the truth; both are 0 where they agree. The percentile is over the surfaces.
    """

    clip: Annotated[float, Field(gt=0)] | None = None
    "Give the mean false distances also with each distance cut to this, in world units; nothing: do not."

    def criteria(self) -> tuple[Criterion, ...]:
        clipped = () if self.clip is None else tuple(f"{name}_clipped" for name in MEANS)
        names = ("hausdorff", "hausdorff_95", *MEANS, *clipped)
        return tuple(Criterion(name, 0.0, math.inf, higher_is_better=False) for name in names)

    def of(self, found: Mask, true: Mask, voxel_size: World) -> tuple[float, ...]:
        """NaN where nothing was found, or nothing is true."""
        if not found.any() or not true.any():
            return (math.nan,) * len(self.criteria())
        missed, wrong = distance_to(found, voxel_size)[true], distance_to(true, voxel_size)[found]
        clipped = () if self.clip is None else _means(missed.clip(0, self.clip), wrong.clip(0, self.clip))
        farthest = float(max(missed.max(), wrong.max()))
        return farthest, _hausdorff_95(found, true, voxel_size), *_means(missed, wrong), *clipped


def _means(missed: NDArray[np.float32], wrong: NDArray[np.float32]) -> tuple[float, float, float]:
    negative, positive = float(missed.mean(dtype=np.float64)), float(wrong.mean(dtype=np.float64))
    return (negative + positive) / 2, negative, positive


def _hausdorff_95(found: Mask, true: Mask, voxel_size: World) -> float:
    one, other = surface(found), surface(true)
    distances = distance_to(one, voxel_size)[other], distance_to(other, voxel_size)[one]
    return max(float(np.percentile(each, 95)) for each in distances)
