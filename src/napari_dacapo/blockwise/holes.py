"""Holes that reach through several blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.blockwise.distinct import distinct_pairs
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.joined import joined
from napari_dacapo.blockwise.parts import with_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.postprocessors.objects import NOBODY, SEVERAL


@dataclass(frozen=True, slots=True)
class JoinHoles:
    """What the open background at the far seams of a block touches in the next blocks.

    `pairs` (n, 4): number of the block, hole, number of the other block, hole; `touched` (n, 3): number of
    the block, hole, object.
    """

    of: Segmenting

    def __call__(self, block: Block) -> None:
        pairs, touched = [np.zeros((0, 4), np.int64)], [np.zeros((0, 3), np.int64)]
        number = self.of.grid.number(block)
        for axis in range(len(block.shape)):
            behind = self.of.grid.next(block, axis)
            if behind is None:
                continue
            other = self.of.grid.number(behind)
            here = self.of.table("holes", block, f"seam {axis} 1")
            there = self.of.table("holes", behind, f"seam {axis} 0")
            both, _ = distinct_pairs(here.ravel(), there.ravel())
            pairs.append(with_blocks(-both[(both < 0).all(axis=1)], number, other))
            for side, place in ((0, number), (1, other)):
                met = both[(both[:, side] < 0) & (both[:, 1 - side] > 0)]
                column = np.full(len(met), place)
                touched.append(np.stack([column, -met[:, side], met[:, 1 - side]], axis=1))
        tables = {"pairs": np.concatenate(pairs), "touched": np.concatenate(touched)}
        self.of.write_tables("hole pairs", block, **tables)


def fill_holes(of: Segmenting) -> None:
    """Write what fills the holes of each block that has such, by their numbers; 0 for those that stay."""
    blocks = list(of.grid.blocks())
    owners = [of.table("holes", block, "owners")[1:] for block in blocks]
    offsets = of.offsets([*map(len, owners)])
    count = int(offsets[-1])
    components = joined(count, (of.table("hole pairs", block, "pairs") for block in blocks), offsets)
    touched = np.concatenate([of.table("hole pairs", block, "touched") for block in blocks])
    holes = np.concatenate([np.arange(count), offsets[touched[:, 0]] + touched[:, 1]])
    filling = _only_owner(components[holes], np.concatenate([*owners, touched[:, 2]]), components)
    for block, own in zip(blocks, owners, strict=True):
        offset = offsets[of.grid.number(block)]
        here = filling[offset + 1 : offset + 1 + len(own)]
        if here.any():
            of.write_tables("fillings", block, fillings=np.concatenate([np.zeros(1, np.int64), here]))


def _only_owner(
    components: NDArray[np.int64], owners: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """What owns each wanted component, as far as it is one object; 0 where it is several or nobody."""
    told, _ = distinct_pairs(components[owners != NOBODY], owners[owners != NOBODY])
    times = np.bincount(told[:, 0], minlength=int(wanted.max(initial=-1)) + 1)
    owner = np.zeros(len(times), np.int64)
    owner[told[:, 0]] = told[:, 1]
    owner[(times != 1) | (owner == SEVERAL)] = NOBODY
    return owner[wanted]
