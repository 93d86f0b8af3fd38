"""An image that lies in wide chunks, copied into tiles before its blocks are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own, own_attributes
from napari_dacapo.arrays.stamp import NOTHINGS, StampOf
from napari_dacapo.arrays.wide_chunks import tile_of
from napari_dacapo.blockwise.durable import is_written, read_written, write_durably
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.turn import ANYBODYS, Turn

PART = "part"  # of the image, that is copied


@dataclass(frozen=True, slots=True)
class CopySlab:
    """Reads what is wanted of a slab of an image, once, and writes it as one file of tiles."""

    image: Callable[[], Array]
    target: Path
    turn: Turn = ANYBODYS
    stamp: StampOf = NOTHINGS  # of the image

    def __call__(self, slab: Block) -> None:
        stamp, image = self.stamp(), self.image()
        channels = image.shape[: -image.dims]
        values = np.zeros((*channels, *slab.shape), image.dtype)
        part = slab.common(copied_part(self.target))
        within: list[Any] = [..., *part.within(slab)]
        values[tuple(within)] = image.read(part.start, part.shape)
        stamp.refuse_change()
        slices = (*(slice(0, n) for n in channels), *slab.slices)
        write_durably(open_own(self.target), self.target / "0", slices, values, self.turn)


def create_copy(path: Path, image: Array, slab: Voxels, part: Block) -> None:
    """To be filled slab by slab, with a part of the image; elsewhere it is 0, and never read."""
    channels = image.shape[: -image.dims]
    create_ome_zarr(
        path,
        axes=image.axes,
        shape=image.shape,
        dtype=image.dtype,
        voxel_size=image.voxel_size,
        offset=image.offset,
        unit=image.unit,
        chunks=(*(1 for _ in channels), *tile_of(slab)),
        shards=(*channels, *slab),
        attributes={PART: asdict(part)},
    )


def with_copy(image: Array, path: Path) -> Array:
    """The same array, read from its copy wherever that has been written.

    Its chunks stay those of the image, since what a normalisation looks at depends on them.
    """
    copy, folder, part = open_own(path), path / "0", copied_part(path)

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        sides = zip(slices[-image.dims :], part.start, part.end, strict=True)
        is_copied = all(begin <= s.start and s.stop <= end for s, begin, end in sides)
        if is_copied and is_written(copy, folder, slices):
            return read_written(copy, folder, slices)
        return image.reader(slices)

    return replace(image, reader=read)


def is_copy(path: Path) -> bool:
    """Whether one was created there."""
    return PART in (own_attributes(path) or {})


def copied_part(path: Path) -> Block:
    """Of the image, in its voxels."""
    part = (own_attributes(path) or {})[PART]
    return Block(tuple(part["start"]), tuple(part["shape"]))
