"""How much what was found of a class and what is true leave open about each other."""

import math

import numpy as np

from napari_dacapo.arrays.box import World
from napari_dacapo.scores.class_score import ClassScore, Mask
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.variation_of_information import VariationOfInformation


class ClassInformation(ClassScore):
    """Variation of information in bits (Meila 2007) of two masks, class and background: split plus merge."""

    def criteria(self) -> tuple[Criterion, ...]:
        return (Criterion("voi", 0.0, math.inf, higher_is_better=False),)

    def of(self, found: Mask, true: Mask, voxel_size: World) -> tuple[float, ...]:
        table = Contingency.of(found.view(np.uint8), true.view(np.uint8))
        return VariationOfInformation().of(table)[:1]
