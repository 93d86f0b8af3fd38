"""How well objects are covered."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.matching import Overlaps
from napari_dacapo.scores.score import ObjectScore


class MeanIoU(ObjectScore):
    """The intersection over union (IoU) of objects with the segments matched to them, one to one.

    `mean_iou` is over all true objects, 0 where none was matched; `matched_iou` over the matched ones only.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    "Pairs of a lower IoU are not matched."

    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(Criterion(name, 0.0, 1.0, higher_is_better=True) for name in ("mean_iou", "matched_iou"))

    def of(self, table: Contingency) -> tuple[float, ...]:
        matched = Overlaps.of(table).matched(self.threshold)
        objects = int(np.count_nonzero(table.objects))
        return (
            float(matched.sum()) / objects if objects else math.nan,
            float(matched.mean()) if len(matched) else math.nan,
        )
