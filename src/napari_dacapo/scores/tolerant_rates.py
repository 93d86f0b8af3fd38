"""How many voxels of a class are wrong by more than a tolerance."""

from typing import Annotated

from pydantic import Field

from napari_dacapo.arrays.box import World
from napari_dacapo.scores.class_score import ClassScore, Mask
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.error_rates import count, share
from napari_dacapo.scores.mask_distances import distance_to

ERRORS = ("false_negative_rate", "false_positive_rate", "false_discovery_rate")
RIGHTS = ("precision", "recall", "f1")


class TolerantRates(ClassScore):
    """Error rates, precision, recall and F1 where a voxel is wrong only farther off than a tolerance.

    A true voxel is missed if nothing was found so near to it; a found one is wrong if nothing true is.
    """

    tolerance: Annotated[float, Field(gt=0)] = 40.0
    "How far off, in world units, a boundary may be; 40 gives `f1_within_40`, ..."

    def criteria(self) -> tuple[Criterion, ...]:
        within = f"within_{self.tolerance:.6g}".replace(".", "_")
        return (
            *(Criterion(f"{name}_{within}", 0.0, 1.0, higher_is_better=False) for name in ERRORS),
            *(Criterion(f"{name}_{within}", 0.0, 1.0, higher_is_better=True) for name in RIGHTS),
        )

    def of(self, found: Mask, true: Mask, voxel_size: World) -> tuple[float, ...]:
        positives, taken = count(true), count(found)
        missed = count(distance_to(found, voxel_size)[true] > self.tolerance)
        wrong = count(distance_to(true, voxel_size)[found] > self.tolerance)
        precision, recall = share(taken - wrong, taken), share(positives - missed, positives)
        return (
            share(missed, positives),
            share(wrong, true.size - positives),
            share(wrong, taken),
            precision,
            recall,
            2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        )
