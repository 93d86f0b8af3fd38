"""Predicting a region block by block."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.padding import read_padded
from napari_dacapo.blockwise.grid import Block, block_count, blocks

Forward = Callable[
    [NDArray[Any]], NDArray[np.float32]
]  # (c, (z,) y, x) of one block -> (channels, (z,) y, x)


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """How a region of a raw array is predicted: what each block reads and what of it is kept.

    Blocks start at multiples of the network's stride, so that block by block equals the whole at once.

        # kept     [0 0 0 0][1 1 1 1][2 2 .]
        # read   [. 0 0 0 0 .]                  one margin on each side
    """

    start: Voxels  # of the region, in input voxels
    shape: Voxels  # of the region, in output voxels
    input_shape: Voxels  # of one block
    block_shape: Voxels  # kept of one block, in output voxels
    cut: Voxels  # output voxels cut away before what is kept
    margin: Voxels  # input voxels read before what is kept
    scale: Voxels  # output voxels per input voxel

    @property
    def count(self) -> int:
        return block_count(self.shape, self.block_shape)

    def run(self, forward: Forward, raw: Array) -> Iterator[tuple[Block, NDArray[np.float32]]]:
        """Every block with its prediction (channels, (z,) y, x); raw beyond the volume is mirrored."""
        for block in blocks(self.shape, self.block_shape):
            prediction = forward(read_padded(raw, self._read_start(block), self.input_shape, "reflect"))
            kept = (slice(c, c + n) for c, n in zip(self.cut, block.shape, strict=True))
            yield block, prediction[(slice(None), *kept)]

    def _read_start(self, block: Block) -> Voxels:
        sides = zip(self.start, block.start, self.scale, self.margin, strict=True)
        return tuple(start + b // scale - margin for start, b, scale, margin in sides)


def plan_blocks(architecture: Architecture, start: Voxels, shape: Voxels, input_shape: Voxels) -> BlockPlan:
    """The plan for a region that starts at `start` (input voxels) and has `shape` (output voxels).

    A block is no larger than the region needs, and no smaller than two borders and what is kept
    between them. Raises UserInputError for an input shape that the network cannot take.
    """
    plan = _plan(architecture, start, shape, _roomy(architecture, input_shape))
    sides = zip(shape, plan.margin, plan.scale, architecture.stride, strict=True)
    wish = tuple(-(-n // (scale * stride)) * stride + 2 * margin for n, margin, scale, stride in sides)
    needed = _roomy(architecture, architecture.nearest_input_shape(wish, at_least=True))
    return _plan(architecture, start, shape, tuple(map(min, plan.input_shape, needed)))


def _roomy(architecture: Architecture, input_shape: Voxels) -> Voxels:
    least = (2 * b + s for b, s in zip(architecture.border, architecture.stride, strict=True))
    return architecture.nearest_input_shape(tuple(map(max, input_shape, least)), at_least=True)


def _plan(architecture: Architecture, start: Voxels, shape: Voxels, input_shape: Voxels) -> BlockPlan:
    scale, stride, border = architecture.scale, architecture.stride, architecture.border
    output_shape = architecture.output_shape(input_shape)
    lost = tuple((i * s - o) // 2 for i, s, o in zip(input_shape, scale, output_shape, strict=True))
    cut = tuple(b * s if n == 0 else 0 for b, s, n in zip(border, scale, lost, strict=True))
    usable = (o - 2 * c for o, c in zip(output_shape, cut, strict=True))
    kept = tuple(u // (t * s) * t * s for u, t, s in zip(usable, stride, scale, strict=True))
    margin = tuple((n + c) // s for n, c, s in zip(lost, cut, scale, strict=True))
    return BlockPlan(start, shape, input_shape, kept, cut, margin, scale)
