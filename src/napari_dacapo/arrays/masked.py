"""An array with a part of it blanked out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.same_grid import refuse_other_grids
from napari_dacapo.arrays.source import Source
from napari_dacapo.errors import UserInputError


class Masked(Source):
    """An array where a mask of the same grid is not 0, and one value elsewhere."""

    source: Source
    "The array."

    mask: Source
    "Where the array is kept: not 0."

    value: int | float = 0
    "What stands where the mask is 0."

    @property
    def is_normalized(self) -> bool:
        return super().is_normalized or self.source.is_normalized

    def open_plain(self, root: Path) -> Array:
        array, mask = self.source.open(root), self.mask.open(root)
        refuse_other_grids("mask", (array, mask))
        if mask.channels is not None:
            problem = f"a mask has no channels; {mask.name} has {mask.channels}"
            raise UserInputError("mask", mask.name, problem, "Select one channel of it")
        filler = self._filler(array.dtype)

        def read(slices: tuple[slice, ...]) -> NDArray[Any]:
            kept = mask.reader(slices[-mask.dims :]) != 0
            return np.where(kept, array.reader(slices), filler)

        return replace(array, reader=read)

    def _filler(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """The value in the array's own type, so that ids stay what they are."""
        if dtype.kind in "ui":
            limits = np.iinfo(dtype)
            if self.value != int(self.value) or not limits.min <= self.value <= limits.max:
                problem = f"{dtype} cannot hold it"
                raise UserInputError(
                    "value", self.value, problem, f"Give an integer, {limits.min} to {limits.max}"
                )
            return np.array(int(self.value), dtype)
        return np.array(self.value, dtype)
