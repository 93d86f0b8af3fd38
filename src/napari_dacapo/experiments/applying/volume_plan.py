"""How large the blocks are that a volume is cut into."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from napari_dacapo.architectures.architecture import FLOAT32_BYTES
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.wide_chunks import is_wide, slab_of
from napari_dacapo.blockwise.grid import block_count
from napari_dacapo.blockwise.predict import plan_blocks
from napari_dacapo.experiments.memory import TrainingSize, device_memory, free_memory, memory_can_run_out

if TYPE_CHECKING:
    from napari_dacapo.experiments.predicting.predict import OutputGrid
    from napari_dacapo.experiments.predicting.trained import Trained

CHUNK = {2: 512, 3: 64}  # voxels along a side at most
LARGEST_PREDICTED = 1 << 22  # voxels of a block on a GPU; beyond that hardly anything is gained
SEGMENTED = {2: 2048, 3: 256}  # voxels along a side that a segmented block has at least, memory permitting
HALO = {2: 64, 3: 32}  # what is seen around it, in voxels of the finest axis
FEWEST_THREADS = 3  # while one block is computed, others are read and written
GROWTH = (4.0, 3.0, 2.0, 1.5)  # of a validation block that are tried on a GPU
FEW = 4  # blocks; for fewer no image is copied


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Decided when a volume is begun, and kept until it is finished. All in voxels."""

    input_shape: Voxels  # of the network
    block: Voxels  # predicted and written at once
    chunk: Voxels  # parts of it that are read by themselves
    segmented: Voxels  # whole blocks, segmented at once
    halo: Voxels  # seen around that
    slab: Voxels = ()  # of an image in wide chunks, copied into tiles at once; (): none is copied

    @classmethod
    def of(cls, trained: Trained, grid: OutputGrid, raw: Array) -> Self:
        """The largest blocks that the device gains from and its free memory holds."""
        dims = len(grid.shape)
        input_shape = _input_shape(trained)
        block = plan_blocks(trained.run.architecture, grid.start, grid.shape, input_shape).block_shape
        finest = min(grid.voxel_size)
        before, after = trained.run.task.padding(grid.voxel_size)
        halo = tuple(
            max(math.ceil(HALO[dims] * finest / v), b, a)
            for v, b, a in zip(grid.voxel_size, before, after, strict=True)
        )
        segmented = _segmented(block, grid.shape, halo, trained.run.task.segmenting_bytes(dims))
        copied = is_wide(raw, input_shape) and block_count(grid.shape, block) > FEW
        return cls(input_shape, block, _chunk(block), segmented, halo, slab_of(raw) if copied else ())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: tuple(map(int, value)) for name, value in data.items()})


def predicting_threads(plan: VolumePlan, trained: Trained) -> int:
    """Beside a GPU, more than a few where half of the free memory holds their blocks."""
    read = trained.input_channels * math.prod(plan.input_shape)
    written = trained.channels * math.prod(plan.block)
    needed = (read + 2 * written) * FLOAT32_BYTES  # once as they come, once as they are stored
    return max(FEWEST_THREADS, min(trained.compute.feeders, free_memory() // 2 // needed))


def copying_threads(plan: VolumePlan, plain: Array) -> int:
    """As many as there are processors and slabs fit into half of the free memory."""
    return max(1, min(os.cpu_count() or 1, free_memory() // 2 // copying_bytes(plan, plain)))


def copying_bytes(plan: VolumePlan, plain: Array) -> int:
    """Of each thread, for a slab as it is read, as it is kept and encoded."""
    return 3 * math.prod(plan.slab) * (plain.channels or 1) * plain.dtype.itemsize


def segmenting_threads(plan: VolumePlan, bytes_per_voxel: int) -> int:
    """As many as there are processors and blocks fit into half of the free memory."""
    needed = _seen(plan.segmented, plan.halo) * bytes_per_voxel
    return max(1, min(os.cpu_count() or 1, free_memory() // 2 // max(1, needed)))


def _input_shape(trained: Trained) -> Voxels:
    architecture, device = trained.run.architecture, trained.compute.device
    first = architecture.validation_patch
    gains = memory_can_run_out(device)
    free = (device_memory(device) if gains else free_memory()) // 2
    wishes = [tuple(math.ceil(n * growth) for n in first) for growth in (GROWTH if gains else ())]
    larger = [architecture.nearest_input_shape(wish) for wish in wishes]
    smaller = [each.input_shape for each in TrainingSize(1, first).smaller(architecture)]
    for shape in (*(each for each in larger if math.prod(each) <= LARGEST_PREDICTED), first, *smaller):
        if architecture.prediction_bytes(trained.input_channels, shape) <= free:
            return shape
    return (first, *smaller)[-1]


def _segmented(block: Voxels, region: Voxels, halo: Voxels, bytes_per_voxel: int) -> Voxels:
    """Whole blocks, about as long along each axis; halved until they fit into half of the free memory."""
    side = SEGMENTED[len(block)]
    counts = [max(1, min(-(-side // b), -(-n // b))) for b, n in zip(block, region, strict=True)]
    while True:
        segmented = tuple(c * b for c, b in zip(counts, block, strict=True))
        if _seen(segmented, halo) * bytes_per_voxel <= free_memory() // 2 or max(counts) == 1:
            return segmented
        longest = max(range(len(counts)), key=lambda axis: counts[axis] * block[axis] * (counts[axis] > 1))
        counts[longest] = -(-counts[longest] // 2)


def _seen(block: Voxels, halo: Voxels) -> int:
    return math.prod(n + 2 * h for n, h in zip(block, halo, strict=True))


def _chunk(block: Voxels) -> Voxels:
    """Parts that a block is made of: 104 voxels are two chunks of 52."""
    return tuple(_part(side, CHUNK[len(block)]) for side in block)


def _part(side: int, largest: int) -> int:
    return next(side // parts for parts in range(math.ceil(side / largest), side + 1) if side % parts == 0)
