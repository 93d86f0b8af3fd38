"""Patches side by side in one image."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels


def mosaic(patches: Sequence[NDArray[Any]], cell: Voxels, corner: Voxels) -> NDArray[Any]:
    """As square as can be along y and x, row by row, 0 between them; all ((c,) (z,) y, x).

    Each patch begins `corner` voxels from the first of a cell of that shape. Five patches:

    # 0 1 2
    # 3 4
    """
    columns = math.ceil(math.sqrt(len(patches)))
    rows = math.ceil(len(patches) / columns)
    leading = patches[0].shape[: -len(cell)]
    shape = (*leading, *cell[:-2], rows * cell[-2], columns * cell[-1])
    image = np.zeros(shape, np.result_type(*patches))
    for number, patch in enumerate(patches):
        places: Voxels = (*(0,) * (len(cell) - 2), *divmod(number, columns))
        starts = (place * n + c for place, n, c in zip(places, cell, corner, strict=True))
        sides = zip(starts, patch.shape[-len(cell) :], strict=True)
        within: tuple[Any, ...] = (..., *(slice(start, start + n) for start, n in sides))
        image[within] = patch
    return image
