"""Predicting a part of an image with a run's network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array, SpatialUnit
from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.blockwise.grid import blocks
from napari_dacapo.blockwise.predict import BlockPlan, Forward, Network, plan_blocks
from napari_dacapo.experiments.compute import Compute
from napari_dacapo.experiments.memory import TrainingSize, is_out_of_memory
from napari_dacapo.experiments.predicting.transfers import Returning, Transfers
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.steps import Notice, Predicted, Step

if TYPE_CHECKING:
    import torch
    import zarr
    from torch import nn

    from napari_dacapo.experiments.predicting.trained import Trained

STRETCH = 1.25  # times as long as it was meant to be


@dataclass(frozen=True, slots=True)
class OutputGrid:
    """The voxels that a box of raw has on the grid the network predicts on."""

    start: Voxels  # in raw voxels
    shape: Voxels  # in output voxels
    offset: World
    voxel_size: World
    unit: SpatialUnit

    @classmethod
    def of(cls, run: Run, raw: Array, box: Box) -> OutputGrid:
        """Of the raw voxels that lie wholly in the box."""
        inside = tuple(b - o for b, o in zip(box.begin, raw.offset, strict=True))
        start = tuple(math.ceil(i / v - 1e-6) for i, v in zip(inside, raw.voxel_size, strict=True))
        ends = (e - o for e, o in zip(box.end, raw.offset, strict=True))
        end = (math.floor(e / v + 1e-6) for e, v in zip(ends, raw.voxel_size, strict=True))
        sides = zip(start, end, run.architecture.scale, strict=True)
        return cls(
            start=start,
            shape=tuple((e - s) * scale for s, e, scale in sides),
            offset=tuple(o + s * v for o, s, v in zip(raw.offset, start, raw.voxel_size, strict=True)),
            voxel_size=run.output_voxel_size(raw.voxel_size),
            unit=raw.unit,
        )


def first_plan(run: Run, grid: OutputGrid) -> BlockPlan:
    """The blocks that are tried first: the largest ones, a little larger still where that saves some of them.

    A region of 96 is one block of 96 rather than one of 84 and one of 12: each reads what lies around it.
    """
    architecture = run.architecture
    plan = plan_blocks(architecture, grid.start, grid.shape, architecture.validation_patch)
    wish = tuple(map(_stretched, plan.input_shape, plan.block_shape, grid.shape, plan.scale))
    patch = architecture.nearest_input_shape(wish, at_least=True)
    return plan_blocks(architecture, grid.start, grid.shape, patch)


def _stretched(size: int, block: int, region: int, scale: int) -> int:
    """The input size of a block, or a larger one with which as many blocks as fit are enough."""
    enough = math.ceil(region / max(1, round(region / block)))
    return size + math.ceil((enough - block) / scale) if block < enough <= STRETCH * block else size


def predict(
    trained: Trained, raw: Array, grid: OutputGrid, title: str, target: NDArray[Any] | zarr.Array[Any]
) -> Iterator[Step]:
    """Fill `target` (channels, (z,) y, x), a step a block; the blocks are halved where memory ends.

    Raises DeviceError where it does not even suffice for the smallest ones.
    """
    plan = first_plan(trained.run, grid)
    network = network_of(trained, plan.input_shape)
    for done, block in enumerate(blocks(plan.shape, plan.block_shape), start=1):
        values = network.predict(raw, plan.begin(block), block.shape)
        yield from memory_notices(network)
        target[(slice(None), *block.slices)] = values.astype(target.dtype, copy=False)
        yield Predicted(trained.iteration, title, done, plan.count)


def network_of(trained: Trained, input_shape: Voxels | None = None) -> Network:
    """The network for blocks of an input shape, without one for those of validation, and for smaller ones."""
    architecture = trained.run.architecture
    size = TrainingSize(1, input_shape or architecture.validation_patch)
    shapes = tuple(each.input_shape for each in (size, *size.smaller(architecture)))
    forward = forward_of(trained.run, trained.network, trained.compute)
    return Network(architecture, _telling_memory(forward, trained.compute), shapes)


def _telling_memory(forward: Forward, compute: Compute) -> Forward:
    """Raises MemoryError where memory does not suffice, when all that the try took is given back."""

    def told(raw: NDArray[Any]) -> NDArray[np.float32]:
        try:
            return forward(raw)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        compute.release()
        raise MemoryError(f"{compute.device} has too little memory for a block of {raw.shape}")

    return told


def memory_notices(network: Network) -> Iterator[Notice]:
    """What was too large since one asked last."""
    while network.refused:
        yield Notice(f"The memory of the device did not suffice for a block of {network.refused.pop(0)}.")


def forward_of(run: Run, network: nn.Module, compute: Compute) -> Forward:
    """The network as a function of one block, for several threads: it computes one block at a time.

    Raw (c, (z,) y, x) gives a prediction (channels, (z,) y, x) float32. While a block is computed, those
    of other threads are prepared, and taken to a GPU and back. One thread computes all of them: on a CPU
    a block took 4 % longer where threads took turns.
    """
    import torch

    network.eval()
    transfers = Transfers(compute)
    computing = ThreadPoolExecutor(1, "computing")

    def computed(batch: torch.Tensor) -> Returning:
        with torch.inference_mode():
            with compute.autocast():
                output = network(batch)
            return transfers.send_back(run.task.activate(output.float())[0])

    def forward(raw: NDArray[Any]) -> NDArray[np.float32]:
        block = raw if raw.ndim == run.architecture.dims + 1 else raw[None]
        with torch.inference_mode():
            batch = transfers.bring(np.ascontiguousarray(block[None], np.float32))
        return computing.submit(computed, batch).result().array()

    return forward
