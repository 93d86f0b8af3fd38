"""One number for all parts of an object, small objects and holes as if the volume had been seen whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from bioimage_cpp.segmentation import label
from numpy.typing import NDArray

from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.joined import joined
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.postprocessors.objects import NOBODY, SEVERAL, flooded, owners_of


def number_objects(of: Segmenting) -> None:
    """Write for every block the ids of its parts: 1..n over the volume, 0 for those that are too small.

    The dtype is the smallest that holds n; uint32 at least.
    """
    blocks = list(of.grid.blocks())
    sizes = [of.table("parts", block, "sizes") for block in blocks]
    offsets = of.offsets([*map(len, sizes)])
    count = int(offsets[-1])
    components = joined(count, (of.table("pairs", block, "pairs") for block in blocks), offsets)
    voxels = np.bincount(components, np.concatenate([*sizes, np.zeros(0, np.int64)])[:count])
    kept = voxels >= of.min_size
    dtype = np.promote_types(np.uint32, np.min_scalar_type(int(kept.sum())))
    ids = np.where(kept, np.cumsum(kept), 0).astype(dtype)
    for block, size in zip(blocks, sizes, strict=True):
        offset = offsets[of.grid.number(block)]
        own = components[offset + 1 : offset + 1 + len(size)]
        of.write_tables("ids", block, ids=np.concatenate([np.zeros(1, dtype), ids[own]]))


@dataclass(frozen=True, slots=True)
class NumberParts:
    """Writes a block with its ids: small parts flooded, holes that lie within it filled.

    Those that reach the next block are told by numbers from 1: their `owners` (holes + 1,), and below 0 in
    the first and last voxels along each axis, `seam 0 0`, `seam 0 1` and so on, between the objects.
    """

    of: Segmenting

    def __call__(self, block: Block) -> None:
        numbered = _numbered(self.of, block)
        self.of.write(block, numbered.objects)
        told = np.where(numbered.holes > 0, -numbered.holes, numbered.objects.astype(np.int64))
        seams = {
            f"seam {axis} {side}": told.take(-side, axis) for axis in range(told.ndim) for side in (0, 1)
        }
        self.of.write_tables("holes", block, owners=numbered.owners, **seams)


@dataclass(frozen=True, slots=True)
class FillHoles:
    """Writes a block again, with holes filled that reach through several."""

    of: Segmenting

    def __call__(self, block: Block) -> None:
        numbered = _numbered(self.of, block)
        filling = self.of.table("fillings", block, "fillings").astype(np.uint64)
        self.of.write(block, np.where(numbered.holes > 0, filling[numbered.holes], numbered.objects))


@dataclass(frozen=True, slots=True)
class _Numbered:
    objects: NDArray[np.uint64]
    holes: NDArray[np.int64]  # that reach the next block: 1..n, elsewhere 0
    owners: NDArray[np.int64]  # (n + 1,) of those holes, as far as the block tells


def _numbered(of: Segmenting, block: Block) -> _Numbered:
    objects = _objects(of, block)
    background = objects == 0
    if not background.any() or not of.stitching.fills_holes:
        return _Numbered(objects, np.zeros(objects.shape, np.int64), np.zeros(1, np.int64))
    holes = label(background, connectivity=1)
    owners = owners_of(objects, holes, _at_border(of, block))
    reaching = np.zeros(len(owners), np.bool_)
    for axis, side in np.argwhere(~_at_border(of, block)):
        reaching[holes.take(-side, axis)] = True
    reaching[0] = False
    alone = np.where(reaching | (owners == SEVERAL), NOBODY, owners).astype(np.uint64)
    numbers = np.where(reaching, np.cumsum(reaching), 0)
    told = np.concatenate([np.zeros(1, np.int64), owners[reaching]])
    return _Numbered(np.where(background, alone[holes], objects), numbers[holes], told)


def _objects(of: Segmenting, block: Block) -> NDArray[np.uint64]:
    """The block with small objects flooded by those that touch them, or dropped."""
    around = of.grid.grown(block, of.halo)
    parts = of.read_parts(around)
    objects, inside = np.zeros(around.shape, np.uint64), parts > 0
    for other, common in of.grid.touched(around):
        here = common.within(around)
        objects[here] = of.table("ids", other, "ids")[parts[here]]
    if (inside & (objects == 0)).any():
        objects = flooded(objects, inside, of.stitching.height(of.predicted(around)))
    return objects[block.within(around)]


def _at_border(of: Segmenting, block: Block) -> NDArray[np.bool_]:
    """(axes, 2) whether there is no block on each side of this one."""
    axes = range(len(block.shape))
    return np.array([[of.grid.next(block, axis, step) is None for step in (-1, 1)] for axis in axes])
