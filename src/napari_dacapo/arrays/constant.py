"""The same value everywhere."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Step


class Constant(Step):
    """One value in place of every voxel, uint8: 1 is a mask of all that an array covers. Nothing is read."""

    value: Annotated[int, Field(ge=0, le=255)] = 1
    "What stands everywhere."

    def apply(self, array: Array) -> Array:
        def read(slices: tuple[slice, ...]) -> NDArray[np.uint8]:
            return np.full([each.stop - each.start for each in slices], self.value, np.uint8)

        return replace(array, dtype=np.dtype(np.uint8), stored=None, reader=read)
