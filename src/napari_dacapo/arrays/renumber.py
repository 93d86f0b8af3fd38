"""Ids to the numbers of classes."""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Step
from napari_dacapo.errors import UserInputError


class Renumber(Step):
    """Some ids become 1, 2, 3 in the order given, all others 0: for masks of 0, 127 and 255."""

    ids: Annotated[tuple[Annotated[int, Field(gt=0, lt=2**64)], ...], Field(min_length=1, max_length=1000)]
    "The ids that become 1, 2, 3 and so on."

    @field_validator("ids")
    @classmethod
    def _different(cls, ids: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(ids)) < len(ids):
            raise ValueError("an id stands twice. Remove one of them")
        return ids

    def apply(self, array: Array) -> Array:
        if array.dtype.kind not in "bui":
            problem = f"{array.name} has {array.dtype}; ids are integers"
            raise UserInputError("ids", self.ids, problem, "Choose an array of labels")
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        ascending = np.array([self.ids[place] for place in order], np.uint64)
        dtype = np.dtype(np.uint8 if len(order) < 256 else np.uint16)
        numbers = np.array(order, dtype) + dtype.type(1)

        def read(slices: tuple[slice, ...]) -> NDArray[Any]:
            values: NDArray[Any] = array.reader(slices)
            ids = values.astype(np.uint64)
            places = np.searchsorted(ascending, ids).clip(0, len(ascending) - 1)
            return np.where((ascending[places] == ids) & (values > 0), numbers[places], dtype.type(0))

        return replace(array, dtype=dtype, reader=read)
