"""Training batches, prepared while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.datasplits.dataset import OpenDatasets
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.experiments.run import Run
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.sampler import Sampler


@dataclass(frozen=True, slots=True)
class Patch:
    """One of a batch, all (c, (z,) y, x), and where it was cut."""

    raw: NDArray[np.float32]
    target: NDArray[Any]
    weight: NDArray[np.float32]
    raw_offset: World
    offset: World  # of target and weight


@dataclass(frozen=True, slots=True)
class Batch:
    """All (b, c, (z,) y, x); raw and weight float32, target float32 or uint8."""

    raw: NDArray[np.float32]
    target: NDArray[Any]
    weight: NDArray[np.float32]

    def parts(self, count: int) -> list[Batch]:
        """So many batches of the same length."""
        split = zip(*(np.split(array, count) for array in (self.raw, self.target, self.weight)), strict=True)
        return [Batch(*arrays) for arrays in split]


@dataclass(frozen=True, slots=True)
class Batches:
    """What each iteration trains on: a pure function of the sampler's seed and the iteration."""

    sampler: Sampler
    task: Task
    voxel_size: World  # of the output
    unit: SpatialUnit
    batch_size: int  # patches for one step of the weights
    threads: int  # 0 prepares each batch when it is asked for

    @classmethod
    def of(cls, run: Run, training: OpenDatasets, size: TrainingSize, feeders: int = 1) -> Batches:
        """The batches of a run, prepared by as many threads as it says, or else by `feeders`.

        Raises UserInputError where a patch fits nowhere.
        """
        voxel_size = run.output_voxel_size(training[0].raw.voxel_size)
        sampler = Sampler(
            training,
            run.trainer,
            seed=run.seed,
            input_shape=size.input_shape,
            output_shape=run.architecture.output_shape(size.input_shape),
            scale=run.architecture.scale,
            padding=run.task.padding(voxel_size),
        )
        unit = training[0].raw.unit
        patches = size.batch_size * run.trainer.accumulate
        chosen = run.trainer.loader_threads
        return cls(sampler, run.task, voxel_size, unit, patches, feeders if chosen is None else chosen)

    def at(self, iteration: int) -> Batch:
        patches = [self.patch(iteration, index) for index in range(self.batch_size)]
        return Batch(
            raw=np.stack([patch.raw for patch in patches]),
            target=np.stack([patch.target for patch in patches]),
            weight=np.stack([patch.weight for patch in patches]),
        )

    def following(self, iteration: int) -> Generator[Batch, None, None]:
        """The batches from `iteration` on, without end; closing the iterator stops its threads."""
        if self.threads == 0:
            yield from map(self.at, count(iteration))
        else:
            yield from self._prefetched(iteration)

    def _prefetched(self, iteration: int) -> Iterator[Batch]:
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="batches")
        try:
            ahead: deque[Future[Batch]] = deque()
            for following in count(iteration):
                ahead.append(pool.submit(self.at, following))
                if len(ahead) > self.threads:
                    yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def patch(self, iteration: int, index: int) -> Patch:
        """One of an iteration's batch."""
        sample = self.sampler.sample(iteration, index)
        known = self.task.known_of(sample.known, sample.annotated)
        target, weight = self.task.target(sample.labels, known, self.voxel_size)
        return Patch(sample.raw, target, weight, sample.raw_offset, sample.offset)
