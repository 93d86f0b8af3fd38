"""What applying a run to an image takes, told before it begins."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.blockwise.grid import Block, Grid, block_count
from napari_dacapo.blockwise.ledger import Ledger, as_written, read_header
from napari_dacapo.experiments.applying.volume import COPYING, PREDICTING, Volume
from napari_dacapo.experiments.applying.volume_plan import (
    VolumePlan,
    copying_bytes,
    copying_threads,
    segmenting_threads,
)
from napari_dacapo.experiments.memory import free_memory, memory_can_run_out
from napari_dacapo.experiments.predicting.predict import network_of

ID_BYTES = 4  # of an object's number
SURE = 1.0  # seconds; a block that takes less is measured again, when the network is warm


@dataclass(frozen=True, slots=True)
class Pace:
    """Measured on one block of an image."""

    block: float  # seconds to predict one that is as large as there are
    voxel: float  # seconds to segment a voxel
    copied: float = 0.0  # seconds to copy a voxel of an image in wide chunks


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of everything from the first block to the last coarser level."""

    shape: Voxels  # of the result
    block: Voxels
    blocks: int  # to be predicted
    left_out: int  # that lie outside of the mask
    done: int  # of those to be predicted, by an earlier start
    disk: int  # bytes at the most: what is written is compressed
    free_disk: int
    memory: int  # bytes of this machine at the most
    free_memory: int
    device: str
    segmented: int  # voxels for each thread that segments; what several blocks see counts several times
    copied: int = 0  # voxels of an image in wide chunks that are still decoded to be copied

    @property
    def voxels(self) -> int:
        return math.prod(self.shape)

    def seconds(self, pace: Pace) -> float:
        """For all that is not done."""
        predicting = (self.blocks - self.done) * pace.block
        return self.copied * pace.copied + predicting + self.segmented * pace.voxel

    @property
    def problems(self) -> tuple[str, ...]:
        """What may not go well."""
        found = []
        if self.disk > self.free_disk:
            found.append("The disk may get full: choose another folder or a part, or make room.")
        if self.memory > self.free_memory:
            found.append("Memory may not suffice: end other programs first.")
        return tuple(found)


def estimate(volume: Volume) -> Estimate:
    """From sizes and the mask alone; nothing is computed or written. Raises UserInputError where it is 0."""
    plan, finished = _begun(volume)
    done = len(finished[PREDICTING])
    trained, shape = volume.trained, volume.grid.shape
    bytes_per_voxel = trained.run.task.segmenting_bytes(len(shape))
    threads = segmenting_threads(plan, bytes_per_voxel)
    predicted, segmented = (volume.wanted_in(Grid(shape, side)) for side in (plan.block, plan.segmented))
    blocks = () if volume.wanted.only_predict else segmented.blocks()
    seen = [math.prod(segmented.grown(block, plan.halo).shape) for block in blocks]
    at_once = min(threads, len(seen))
    memory = at_once * max(seen, default=0) * bytes_per_voxel
    if not memory_can_run_out(trained.compute.device):
        predicting = trained.run.architecture.prediction_bytes(trained.input_channels, plan.input_shape)
        memory = max(memory, predicting)
    copied, kept = _copied(volume, plan, finished) if plan.slab else (0, 0)
    if copied:
        memory = max(memory, copying_threads(plan, volume.plain) * copying_bytes(plan, volume.plain))
    return Estimate(
        shape=shape,
        block=plan.block,
        blocks=predicted.count,
        left_out=block_count(shape, plan.block) - predicted.count,
        done=done,
        disk=_bytes_written(volume, predicted, segmented) + kept,
        free_disk=shutil.disk_usage(_existing(volume.wanted.output)).free,
        memory=memory,
        free_memory=free_memory(),
        device=str(trained.compute.device),
        segmented=sum(seen) // max(1, at_once),
        copied=copied,
    )


def measure_pace(volume: Volume) -> Pace:
    """Predict and segment the block next to the middle, before it of two: the last one may be a sliver."""
    plan, _ = _begun(volume)
    trained, grid = volume.trained, volume.wanted_in(Grid(volume.grid.shape, plan.block))
    middle = tuple((count - 1) // 2 for count in grid.counts)
    places = (grid.place(block) for block in grid.blocks())
    place = middle if grid.has(middle) else min(places, key=lambda each: math.dist(each, middle))
    block = grid.at(place)
    sides = zip(volume.grid.start, block.start, trained.run.architecture.scale, strict=True)
    start = tuple(begin + b // scale for begin, b, scale in sides)
    network = network_of(trained, plan.input_shape)
    image, copied = _ReadOnce(volume.raw), 0.0
    raw = replace(volume.raw, reader=image.read) if plan.slab else volume.raw
    for _ in range(2):
        began = time.perf_counter()
        values = network.predict(raw, start, block.shape)
        predicting = time.perf_counter() - began
        if image.voxels and not copied:
            predicting -= image.seconds
            copied = image.seconds / image.voxels
        if predicting > SURE:
            break
    began = time.perf_counter()
    trained.run.task.segment(values, volume.parameters)
    segmenting = time.perf_counter() - began
    size = math.prod(block.shape)  # in a mask it may be one at the border, and smaller
    largest = math.prod(map(min, plan.block, volume.grid.shape))
    return Pace(predicting * largest / size, segmenting / size, copied)


@dataclass(slots=True)
class _ReadOnce:
    """An image whose parts stay in memory, with what decoding them took."""

    image: Array
    parts: dict[tuple[tuple[int, int], ...], NDArray[Any]] = field(default_factory=dict)
    seconds: float = 0.0
    voxels: int = 0  # that were decoded

    def read(self, slices: tuple[slice, ...]) -> NDArray[Any]:
        place = tuple((s.start, s.stop) for s in slices)
        if place not in self.parts:
            began = time.perf_counter()
            self.parts[place] = self.image.reader(slices)
            self.seconds += time.perf_counter() - began
            spatial = slices[-self.image.dims :]
            part = Block(tuple(s.start for s in spatial), tuple(s.stop - s.start for s in spatial))
            chunks = Grid(self.image.spatial_shape, self.image.chunks[-self.image.dims :])
            self.voxels += _voxels(chunk for chunk, _ in chunks.touched(part))
        return self.parts[place]


def _begun(volume: Volume) -> tuple[VolumePlan, dict[str, frozenset[Voxels]]]:
    """As an earlier start was cut into blocks, and what of the image it copied and predicted."""
    path = volume.ledger
    if path.exists() and _is_of(volume, path):
        ledger = Ledger.read(path)
        finished = {stage: ledger.finished(stage) for stage in (COPYING, PREDICTING)}
        return VolumePlan.from_json(ledger.plan), finished
    return VolumePlan.of(volume.trained, volume.grid, volume.plain), {
        COPYING: frozenset(),
        PREDICTING: frozenset(),
    }


def _is_of(volume: Volume, path: Path) -> bool:
    """Whether it is the same job, whatever its images are called: a layer may be read from its file."""
    return _unnamed(read_header(path)["job"]) == _unnamed(as_written(volume.job))


def _unnamed(job: Mapping[str, Any]) -> dict[str, Any]:
    return {**job, **{image: job[image] and job[image][1:] for image in ("image", "mask")}}


def _bytes_written(volume: Volume, predicted: Grid, segmented: Grid) -> int:
    """Prediction and segmentation with all levels, and the objects of single blocks meanwhile."""
    shape = volume.grid.shape
    levels = sum(map(math.prod, (shape, *coarser_shapes(shape, len(shape)))))
    bytes_per_voxel = volume.trained.channels * np.dtype(volume.wanted.dtype).itemsize
    ids = 0 if volume.wanted.only_predict else segmented.voxels * ID_BYTES
    return (predicted.voxels * bytes_per_voxel + ids) * levels // math.prod(shape) + ids


def _copied(volume: Volume, plan: VolumePlan, finished: Mapping[str, frozenset[Voxels]]) -> tuple[int, int]:
    """Voxels of the image that are still to be decoded for its copy, and the bytes of all of that at most."""
    slabs, image = list(volume.slabs(plan, finished[PREDICTING]).blocks()), volume.plain
    decoded = _voxels(slab for slab in slabs if slab.start not in finished[COPYING])
    part = volume.part_read(plan)
    kept = _voxels(slab.common(part) for slab in slabs)
    return decoded, kept * (image.channels or 1) * image.dtype.itemsize


def _voxels(blocks: Iterable[Block]) -> int:
    return sum(math.prod(block.shape) for block in blocks)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
