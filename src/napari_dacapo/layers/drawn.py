"""A rectangle drawn in a plane as a box in the world that validates."""

import numpy as np
from numpy.typing import ArrayLike

from napari_dacapo.arrays.box import Box
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.held_out_box import HeldOutBox

ROUNDING = 1e-6  # of the data's size along an axis: a flat shape is flat up to that


def box_of(corners: ArrayLike, within: Box, elsewhere: Box) -> Box | None:
    """The box around a drawn shape, inside of `within`; None where nothing of it lies in there.

    `corners`: (n, axes) in the world; its last axes are those of the boxes. Along an axis that the shape
    is flat in, the box reaches as far as `elsewhere`.
    """
    points = np.asarray(corners, float)[:, -len(within.begin) :]
    low, high = points.min(axis=0), points.max(axis=0)
    drawn = high - low > ROUNDING * np.array(within.size)
    begin, end = np.where(drawn, low, elsewhere.begin), np.where(drawn, high, elsewhere.end)
    box = Box(tuple(begin.tolist()), tuple(end.tolist())).intersect(within)
    return None if box.is_empty or not drawn.any() else box


def drawn_split(before: DataSplit, corners: ArrayLike, within: Box) -> DataSplit | None:
    """The first dataset with what was drawn held out, the others train; None where it lies beside the data.

    A box that was there keeps its extent along the axes that the shape is flat in, so that a second
    rectangle, drawn in another plane, bounds the box along the third axis.
    """
    earlier = Box(before.begin, before.end) if isinstance(before, HeldOutBox) else within
    fits = len(earlier.begin) == len(within.begin)
    box = box_of(corners, within, earlier if fits else within)
    if box is None:
        return None
    first, *others = (entry.dataset for entry in before.entries)
    return HeldOutBox(
        dataset=first,
        further=tuple(others),
        begin=box.begin,
        end=box.end,
        normalization=before.normalization,
    )
