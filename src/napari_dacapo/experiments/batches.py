"""Training batches, prepared while the network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.datasplits.dataset import OpenDatasets
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.sampler import Sampler

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run


@dataclass(frozen=True, slots=True)
class Batch:
    """All (b, c, (z,) y, x); raw and weight float32, target float32 or uint8."""

    raw: NDArray[np.float32]
    target: NDArray[Any]
    weight: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batches:
    """What each iteration trains on: a pure function of the sampler's seed and the iteration."""

    sampler: Sampler
    task: Task
    voxel_size: World  # of the output
    unit: SpatialUnit
    batch_size: int
    threads: int  # 0 prepares each batch when it is asked for

    @classmethod
    def of(cls, run: Run, training: OpenDatasets, size: TrainingSize) -> Batches:
        """The batches of a run. Raises UserInputError where a patch fits nowhere."""
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
        return cls(sampler, run.task, voxel_size, unit, size.batch_size, run.trainer.loader_threads)

    def at(self, iteration: int) -> Batch:
        pairs = [self.patch(iteration, index) for index in range(self.batch_size)]
        raw, target, weight = (np.stack(arrays) for arrays in zip(*pairs, strict=True))
        return Batch(raw, target, weight)

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

    def patch(
        self, iteration: int, index: int
    ) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float32]]:
        """Raw, target and weight of one patch of an iteration's batch, (c, (z,) y, x)."""
        sample = self.sampler.sample(iteration, index)
        target, weight = self.task.target(sample.labels, sample.known, self.voxel_size)
        return sample.raw, target, weight
