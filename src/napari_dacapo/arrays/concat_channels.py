"""Several arrays as the channels of one."""

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


class ConcatChannels(Source):
    """Arrays of the same grid, one after the other along the channel axis."""

    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    "The arrays, in the order of their channels."

    @property
    def is_normalized(self) -> bool:
        return super().is_normalized or all(source.is_normalized for source in self.sources)

    def open_plain(self, root: Path) -> Array:
        arrays = [source.open(root) for source in self.sources]
        refuse_other_grids("sources", arrays)
        counts = [array.channels or 1 for array in arrays]
        return replace(
            arrays[0],
            name=" + ".join(array.name for array in arrays),
            axes="c" + arrays[0].axes[-arrays[0].dims :],
            shape=(sum(counts), *arrays[0].spatial_shape),
            dtype=_common_dtype(arrays),
            chunks=(1, *arrays[0].chunks[-arrays[0].dims :]),
            channel_names=tuple(name for array in arrays for name in _names(array)),
            stored=None,
            reader=lambda slices: _read(arrays, slices),
        )


def _names(array: Array) -> tuple[str, ...]:
    if array.channels is None:
        return (array.name,)
    return array.channel_names or tuple(f"{array.name} {i}" for i in range(array.channels))


def _common_dtype(arrays: list[Array]) -> np.dtype[Any]:
    dtype = np.result_type(*(array.dtype for array in arrays))
    if dtype.kind == "f" and all(array.dtype.kind in "bui" for array in arrays):
        found = ", ".join(str(array.dtype) for array in arrays)
        raise UserInputError(
            "sources", found, "no integer type holds them all", "Store them in the same type"
        )
    return dtype


def _read(arrays: list[Array], slices: tuple[slice, ...]) -> NDArray[Any]:
    # wanted      [2 ... 4]
    # arrays  [0 1 2][3][4 5]     each gives what of it is wanted
    parts = []
    before = 0
    for array in arrays:
        count = array.channels or 1
        start, stop = max(slices[0].start - before, 0), min(slices[0].stop - before, count)
        before += count
        if start >= stop:
            continue
        single = array.channels is None
        parts.append(
            array.reader(slices[1:])[None] if single else array.reader((slice(start, stop), *slices[1:]))
        )
    return np.concatenate(parts, dtype=_common_dtype(arrays))
