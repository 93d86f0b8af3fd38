"""Predicting a region block by block."""

import logging
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
from napari_dacapo.errors import DeviceError

log = logging.getLogger(__name__)

# (c, (z,) y, x) of one block -> (channels, (z,) y, x); raises MemoryError where memory ends
Forward = Callable[[NDArray[Any]], NDArray[np.float32]]


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

    def begin(self, block: Block) -> Voxels:
        """Where what is kept of a block begins, in input voxels."""
        sides = zip(self.start, block.start, self.scale, strict=True)
        return tuple(start + b // scale for start, b, scale in sides)

    def _read_start(self, block: Block) -> Voxels:
        return tuple(b - margin for b, margin in zip(self.begin(block), self.margin, strict=True))


class Network:
    """Predicts parts of any size, in pieces that get smaller where memory ends and stay so.

    For several threads, where `forward` is: one computes while the others read and write.
    """

    def __init__(
        self, architecture: Architecture, forward: Forward, input_shapes: tuple[Voxels, ...]
    ) -> None:
        self.architecture = architecture
        self.input_shapes = input_shapes  # largest first
        self.refused: list[Voxels] = []  # for which memory did not suffice
        self._forward = forward

    def predict(self, raw: Array, start: Voxels, shape: Voxels) -> NDArray[np.float32]:
        """(channels, (z,) y, x) of `shape` output voxels from `start` (input voxels) on, whole strides.

        Raises DeviceError where memory does not suffice for the smallest pieces.
        """
        for input_shape in self.input_shapes:
            plan = plan_blocks(self.architecture, start, shape, input_shape)
            found = self._in_pieces(plan, raw)
            if found is not None:
                return found
            self.refused.append(plan.input_shape)
            log.info("The memory of the device did not suffice for a block of %s", plan.input_shape)
            self.input_shapes = tuple(each for each in self.input_shapes if each != input_shape)
        raise DeviceError(
            f"The memory of the device does not suffice to predict {raw.name}",
            "Choose a smaller eval_shape_increase or another device",
        )

    def _in_pieces(self, plan: BlockPlan, raw: Array) -> NDArray[np.float32] | None:
        """Nothing where memory ends."""
        found: NDArray[np.float32] | None = None
        try:
            for piece, values in plan.run(self._forward, raw):
                if plan.count == 1:
                    return values
                if found is None:
                    found = np.empty((len(values), *plan.shape), np.float32)
                found[(slice(None), *piece.slices)] = values
        except MemoryError:
            return None
        return found


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
