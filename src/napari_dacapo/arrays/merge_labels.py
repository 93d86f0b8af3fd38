"""Several label arrays as one."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.same_grid import refuse_other_grids
from napari_dacapo.arrays.source import Source
from napari_dacapo.errors import UserInputError


class MergeLabels(Source):
    """Label arrays laid over each other: later ones win where not 0, and no two objects become one."""

    sources: Annotated[tuple[Source, ...], Field(min_length=2)]
    "The label arrays, the lowest first."

    def open_plain(self, root: Path) -> Array:
        arrays = [source.open(root) for source in self.sources]
        refuse_other_grids("sources", arrays)
        for array in arrays:
            if array.dtype.kind not in "bui" or array.channels is not None:
                problem = f"labels are integers without channels; {array.name} is {array.axes} {array.dtype}"
                raise UserInputError("sources", array.name, problem, "Choose arrays of labels")
        return replace(
            arrays[0],
            name=" + ".join(array.name for array in arrays),
            dtype=np.dtype(np.uint64),
            stored=None,
            reader=lambda slices: merged(arrays, slices),
        )


def merged(arrays: list[Array], slices: tuple[slice, ...]) -> NDArray[np.uint64]:
    """Id i of array k of n becomes (i - 1) n + k + 1, the same in every patch."""
    merged = np.zeros([each.stop - each.start for each in slices], np.uint64)
    for position, array in enumerate(arrays):
        ids = array.reader(slices)
        _refuse_ids_without_room(array, ids, len(arrays))
        own = ids != 0
        spread = (ids[own].astype(np.uint64) - np.uint64(1)) * np.uint64(len(arrays))
        merged[own] = spread + np.uint64(position + 1)
    return merged


def _refuse_ids_without_room(array: Array, ids: NDArray[Any], count: int) -> None:
    if ids.size == 0:
        return
    lowest, highest = int(ids.min()), int(ids.max())
    if lowest < 0 or highest > (2**64 - 1) // count:
        wrong = lowest if lowest < 0 else highest
        problem = f"the id {wrong} of {array.name} cannot be kept apart from those of the others"
        raise UserInputError(
            "sources", array.name, problem, f"Relabel it to ids from 0 to {(2**64 - 1) // count}"
        )
