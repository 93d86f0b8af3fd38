"""Predicting a part of an image with a run's network."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array, SpatialUnit
from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.blockwise.predict import BlockPlan, Forward, plan_blocks
from napari_dacapo.errors import DeviceError
from napari_dacapo.experiments.compute import Compute
from napari_dacapo.experiments.memory import TrainingSize, is_out_of_memory
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.steps import Notice, Predicted, Step

if TYPE_CHECKING:
    import zarr
    from torch import nn

    from napari_dacapo.experiments.trained import Trained


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
    """The blocks that are tried first, the largest ones."""
    return plan_blocks(run.architecture, grid.start, grid.shape, run.architecture.validation_patch)


def predict(
    trained: Trained, raw: Array, grid: OutputGrid, title: str, target: NDArray[Any] | zarr.Array[Any]
) -> Iterator[Step]:
    """Fill `target` (channels, (z,) y, x), a step a block; the blocks are halved where memory ends.

    Raises DeviceError where it does not even suffice for the smallest ones.
    """
    run, compute = trained.run, trained.compute
    size = TrainingSize(1, run.architecture.validation_patch)
    for smaller in (size, *size.smaller(run.architecture)):
        plan = plan_blocks(run.architecture, grid.start, grid.shape, smaller.input_shape)
        done = yield from _fill(trained, raw, plan, title, target)
        if done:
            return
        compute.release()
        yield Notice(f"The memory of {compute.device} did not suffice for a block of {plan.input_shape}.")
    raise DeviceError(
        f"The memory of {compute.device} does not suffice to predict {title}",
        "Choose a smaller eval_shape_increase or another device",
    )


def _fill(
    trained: Trained, raw: Array, plan: BlockPlan, title: str, target: NDArray[Any] | zarr.Array[Any]
) -> Generator[Step, None, bool]:
    """Returns whether memory sufficed."""
    forward = forward_of(trained.run, trained.network, trained.compute)
    try:
        for done, (block, values) in enumerate(plan.run(forward, raw), start=1):
            target[(slice(None), *block.slices)] = values.astype(target.dtype, copy=False)
            yield Predicted(trained.iteration, title, done, plan.count)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


def forward_of(run: Run, network: nn.Module, compute: Compute) -> Forward:
    """The network as a function of one block.

    Raw (c, (z,) y, x) gives a prediction (channels, (z,) y, x) float32.
    """
    import torch

    network.eval()

    def forward(raw: NDArray[Any]) -> NDArray[np.float32]:
        block = raw if raw.ndim == run.architecture.dims + 1 else raw[None]
        with torch.inference_mode(), compute.autocast():
            output = network(compute.tensor(np.ascontiguousarray(block[None], np.float32)))
        with torch.inference_mode():
            activated: NDArray[np.float32] = run.task.activate(output.float())[0].cpu().numpy()
        return activated

    return forward
