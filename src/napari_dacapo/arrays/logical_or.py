"""Where any channel holds something."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.over_channels import over_channels
from napari_dacapo.arrays.step import Step


class LogicalOr(Step):
    """One mask of all channels, uint8: 1 where any of them is not 0. Several masks: ConcatChannels first."""

    def apply(self, array: Array) -> Array:
        return over_channels(array, np.dtype(np.uint8), _any)


def _any(channels: NDArray[Any]) -> NDArray[np.uint8]:
    found: NDArray[np.bool_] = np.any(channels != 0, axis=0)
    return found.view(np.uint8)
