"""An image that lies in wide chunks, copied into tiles before its blocks are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.arrays.stamp import NOTHINGS, StampOf
from napari_dacapo.arrays.wide_chunks import tile_of
from napari_dacapo.blockwise.durable import is_written, read_written, write_durably
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.turn import ANYBODYS, Turn


@dataclass(frozen=True, slots=True)
class CopySlab:
    """Reads a slab of an image once and writes it as one file of tiles."""

    image: Callable[[], Array]
    target: Path
    turn: Turn = ANYBODYS
    stamp: StampOf = NOTHINGS  # of the image

    def __call__(self, slab: Block) -> None:
        stamp = self.stamp()
        values = self.image().read(slab.start, slab.shape)
        stamp.refuse_change()
        channels = (slice(0, n) for n in values.shape[: -len(slab.shape)])
        write_durably(open_own(self.target), self.target / "0", (*channels, *slab.slices), values, self.turn)


def create_copy(path: Path, image: Array, slab: Voxels) -> None:
    """To be filled slab by slab."""
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
    )


def with_copy(image: Array, path: Path) -> Array:
    """The same array, read from its copy wherever that has been written.

    Its chunks stay those of the image, since what a normalisation looks at depends on them.
    """
    copy, folder = open_own(path), path / "0"

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        return (
            read_written(copy, folder, slices) if is_written(copy, folder, slices) else image.reader(slices)
        )

    return replace(image, reader=read)
