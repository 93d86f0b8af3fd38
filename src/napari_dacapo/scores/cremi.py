"""The score of the CREMI challenge."""

import math

from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.score import ObjectScore
from napari_dacapo.scores.variation_of_information import VariationOfInformation


class Cremi(ObjectScore):
    """The CREMI score: the geometric mean of variation of information and adapted Rand error."""

    ignore_background: bool = True
    "Leave out what is background in truth. Otherwise the background counts as one object."

    def criteria(self) -> tuple[Criterion, ...]:
        return (Criterion("cremi", 0.0, math.inf, higher_is_better=False),)

    def of(self, table: Contingency) -> tuple[float, ...]:
        information, *_ = VariationOfInformation(ignore_background=self.ignore_background).of(table)
        (rand,) = AdaptedRand(ignore_background=self.ignore_background).of(table)
        return (math.sqrt(max(information * rand, 0.0)),)  # NaN stays NaN
