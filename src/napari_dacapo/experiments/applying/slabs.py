"""Which slabs of an image in wide chunks the blocks of a volume read."""

from __future__ import annotations

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.predict import plan_blocks
from napari_dacapo.experiments.applying.volume_plan import VolumePlan
from napari_dacapo.experiments.predicting.predict import OutputGrid


def slabs_read(
    image: Array, architecture: Architecture, grid: OutputGrid, plan: VolumePlan, predicted: Grid
) -> list[Block]:
    """In voxels of the image, those that hold what a block is or what the network sees around it."""
    slabs = Grid(image.spatial_shape, plan.slab)
    blocks = plan_blocks(architecture, grid.start, grid.shape, plan.input_shape)
    found: set[Voxels] = set()
    for block in predicted.blocks():
        shape = tuple(-(-n // scale) for n, scale in zip(block.shape, blocks.scale, strict=True))
        seen = slabs.grown(Block(blocks.begin(block), shape), blocks.margin)
        found.update(slab.start for slab, _ in slabs.touched(seen))
    return [slab for slab in slabs.blocks() if slab.start in found]
