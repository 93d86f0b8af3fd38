"""How many objects were found."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.matching import Overlaps
from napari_dacapo.scores.score import ObjectScore


class Detection(ObjectScore):
    """How many objects were found: one to one, an intersection over union (IoU) of at least a threshold.

    Average precision as StarDist and the Data Science Bowl 2018 define it: TP / (TP + FP + FN). Precision is
    NaN where no segment is, recall where no object is.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    "The IoU from which on an object counts as found; 0.5 gives `ap_50`, `f1_50`, ..."

    def criteria(self) -> tuple[Criterion, ...]:
        percent = f"{100 * self.threshold:.6g}".replace(".", "_")
        names = (f"{name}_{percent}" for name in ("ap", "f1", "precision", "recall"))
        return tuple(Criterion(name, 0.0, 1.0, higher_is_better=True) for name in names)

    def of(self, table: Contingency) -> tuple[float, ...]:
        found = len(Overlaps.of(table).matched(self.threshold))
        segments = int(np.count_nonzero(table.segments))
        objects = int(np.count_nonzero(table.objects))
        return (
            _share(found, segments + objects - found),
            _share(2 * found, segments + objects),
            _share(found, segments),
            _share(found, objects),
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
