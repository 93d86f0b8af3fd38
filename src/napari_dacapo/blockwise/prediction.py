"""Predicting one block of a volume into its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import open_own
from napari_dacapo.arrays.stamp import NOTHINGS, StampOf
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.durable import write_durably
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.blockwise.turn import ANYBODYS, Turn


@dataclass(frozen=True, slots=True)
class PredictBlock:
    """Reads a block with its context, computes it, and writes it as whole shards.

    What is called for network and image is kept by whoever gives it: they are asked for with every block.
    """

    network: Callable[[], Network]
    image: Callable[[], Array]
    start: Voxels  # of the region, in input voxels
    scale: Voxels  # output voxels per input voxel
    coding: Coding
    target: Path
    turn: Turn = ANYBODYS
    stamp: StampOf = NOTHINGS  # of the image

    def __call__(self, block: Block) -> None:
        stamp = self.stamp()
        sides = zip(self.start, block.start, self.scale, strict=True)
        start = tuple(begin + b // scale for begin, b, scale in sides)
        values = self.network().predict(self.image(), start, block.shape)
        stamp.refuse_change()
        stored = self.coding.encode(values)
        slices = (slice(0, len(stored)), *block.slices)
        write_durably(open_own(self.target), self.target / "0", slices, stored, self.turn)
