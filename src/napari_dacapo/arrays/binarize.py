"""Ids to one channel per group of ids."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.step import Step
from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError


class Group(Config):
    """Ids that belong together."""

    title: Annotated[str, Field(min_length=1)]
    "What the channel is called."

    ids: tuple[Annotated[int, Field(ge=0, lt=2**64)], ...] = ()
    "The ids of the group; empty: all but the background, 0."


class Binarize(Step):
    """One uint8 channel per group of ids: 1 where the id is in the group, else 0."""

    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    "The groups of ids, in the order of the channels."

    @field_validator("groups")
    @classmethod
    def _different(cls, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        if len({group.title for group in groups}) < len(groups):
            raise ValueError("two groups have the same title. Give each its own")
        return groups

    def apply(self, array: Array) -> Array:
        if array.dtype.kind not in "bui":
            problem = f"{array.name} has {array.dtype}; ids are integers"
            raise UserInputError("groups", self._titles, problem, "Choose an array of labels")
        if array.channels is not None:
            problem = f"{array.name} has channels already"
            raise UserInputError("groups", self._titles, problem, "Select one channel first")
        count = len(self.groups)

        def read(slices: tuple[slice, ...]) -> NDArray[Any]:
            ids = array.reader(slices[1:])
            chosen = self.groups[slices[0]]
            return np.stack([_members(ids, group.ids) for group in chosen])

        return replace(
            array,
            axes="c" + array.axes,
            shape=(count, *array.shape),
            dtype=np.dtype(np.uint8),
            chunks=(count, *array.chunks),
            channel_names=self._titles,
            reader=read,
        )

    @property
    def _titles(self) -> tuple[str, ...]:
        return tuple(group.title for group in self.groups)


def _members(values: NDArray[Any], ids: Sequence[int]) -> NDArray[np.uint8]:
    """Compared in the array's own dtype: through a wider one large ids would become one."""
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    limit = np.iinfo(values.dtype).max
    wanted = np.array([i for i in ids if i <= limit], values.dtype)
    members: NDArray[np.bool_] = np.isin(values, wanted) if ids else values != 0
    return members.view(np.uint8)
