"""What of an image in wide chunks the blocks of a volume read, and in which slabs that lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.predict import plan_blocks
from napari_dacapo.experiments.predicting.predict import OutputGrid


def parts_read(
    image: Array, architecture: Architecture, grid: OutputGrid, input_shape: Voxels, blocks: Iterable[Block]
) -> list[Block]:
    """Of each block in voxels of the image: itself and what the network is given around it."""

    @cache
    def given(shape: Voxels) -> tuple[Voxels, Voxels]:
        plan = plan_blocks(architecture, grid.start, shape, input_shape)
        return plan.margin, plan.input_shape

    found, whole = [], Block((0,) * image.dims, image.spatial_shape)
    for block in blocks:
        margin, shape = given(block.shape)
        sides = zip(grid.start, block.start, architecture.scale, margin, strict=True)
        begin = tuple(start + b // scale - before for start, b, scale, before in sides)
        found.append(whole.common(Block(begin, shape)))
    return found


def around(parts: Sequence[Block]) -> Block:
    """The smallest block that holds all of them, of which there is one at least."""
    begin = tuple(map(min, zip(*(part.start for part in parts), strict=True)))
    end = map(max, zip(*(part.end for part in parts), strict=True))
    return Block(begin, tuple(e - b for b, e in zip(begin, end, strict=True)))


def slabs_touched(image: Array, slab: Voxels, parts: Iterable[Block]) -> Grid:
    """Those of the image that hold something of the parts."""
    reaches = {
        tuple((s // n, -(-e // n)) for s, e, n in zip(part.start, part.end, slab, strict=True))
        for part in parts
    }  # which are few: all blocks of a row reach over the same planes
    places = (place for reach in reaches for place in product(*(range(*side) for side in reach)))
    return Grid(image.spatial_shape, slab, frozenset(places))
