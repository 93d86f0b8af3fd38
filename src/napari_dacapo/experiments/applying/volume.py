"""The blocks of one image a run is applied to: predicted, segmented, with coarser levels, resumable."""

from __future__ import annotations

import shutil
import threading
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, delete_own, open_own
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.blockwise.coding import Coding, OutputDtype
from napari_dacapo.blockwise.dask_workers import DaskWorkers
from napari_dacapo.blockwise.durable import is_written
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger, last_stage
from napari_dacapo.blockwise.own_segmenter import OwnSegmenter
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.pyramid import write_pyramid
from napari_dacapo.blockwise.region import Region
from napari_dacapo.blockwise.segmentation import CLASSES, WRITTEN, segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.stage import BlockDone, run_stage
from napari_dacapo.blockwise.workers import Threads, Workers
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying.volume_plan import VolumePlan, segmenting_threads
from napari_dacapo.experiments.predicting.predict import OutputGrid, network_of
from napari_dacapo.experiments.predicting.trained import Trained, load_trained
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.tasks.task import Parameters

PREDICTION, SEGMENTATION = "prediction.zarr", "segmentation.zarr"
BLOCKS = ".blocks"  # a folder beside them, with the list of finished blocks
LEDGER = "ledger.jsonl"
PREDICTING = "predicting"
AFTER_PREDICTION = ("postprocessor", "parameters", "segmenter")  # of a job
DONE = "done"
THREADS = 3  # while one block is computed, others are read and written
SAMPLE = 32  # voxels along each side of what an image is known by

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class ImageOf:
    """An image as the network was trained on such, opened where it is called: also on other machines."""

    source: Source
    root: Path
    normalization: Normalization

    def __call__(self) -> Array:
        return _opened(self)


@dataclass(frozen=True, slots=True)
class MaskOf:
    """A mask, opened where it is called."""

    source: Source
    root: Path

    def __call__(self) -> Array:
        return _opened_mask(self)


@dataclass(frozen=True, slots=True)
class NetworkOf:
    """A run's network, loaded once in every process that predicts."""

    folder: RunFolder
    iteration: int
    device: str
    input_shape: Voxels

    def __call__(self) -> Network:
        with _loading:
            return _loaded(self)


@dataclass(frozen=True, slots=True)
class Volume:
    """What is made of one image, and how."""

    trained: Trained
    raw: Array
    grid: OutputGrid
    parameters: Parameters
    dtype: OutputDtype
    output: Path
    run: str = ""  # as the folder of the run is called
    region: Region | None = None  # where something is wanted; None: everywhere
    own: OwnSegmenter | None = None  # in place of the run's post-processing
    ome_version: OmeVersion = "0.5"
    segments: bool = True  # else it ends with the prediction

    @property
    def coding(self) -> Coding:
        return Coding(self.dtype, *self.trained.run.task.prediction_range)

    @property
    def job(self) -> dict[str, Any]:
        """What must be the same for finished blocks to stand."""
        return {
            "run": self.trained.run.identity,
            "iteration": self.trained.iteration,
            "postprocessor": self.trained.run.task.to_json().get("postprocessor"),
            "parameters": dict(self.parameters),
            "image": [self.raw.name, *self.raw.shape, *self.raw.voxel_size, *self.raw.offset],
            "voxels": zlib.crc32(_middle(self.raw)),
            "box": [self.grid.start, self.grid.shape],
            "dtype": self.dtype,
            "mask": None if self.region is None else _looks_of(self.region.mask()),
            "segmenter": None if self.own is None else [self.own.address, self.own.source],
            "ome_zarr": self.ome_version,
        }

    def discard(self) -> None:
        """Delete what was written of this or another job."""
        for name in (PREDICTION, SEGMENTATION):
            if (self.output / name).exists():
                delete_own(self.output / name)
        (self.output / BLOCKS / LEDGER).unlink(missing_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)

    def forget_segmentation(self) -> None:
        """Keep the prediction, and delete what was made of it, by whatever parameters.

        Raises UserInputError where it is not the prediction of this job.
        """
        if (self.output / BLOCKS / LEDGER).exists():
            Ledger.retake(self.output / BLOCKS / LEDGER, self.job, AFTER_PREDICTION, PREDICTING)
        if (self.output / SEGMENTATION).exists():
            delete_own(self.output / SEGMENTATION)
        shutil.rmtree(self._work, ignore_errors=True)

    def open_ledger(self, source: Source | None) -> Ledger:
        """`source`: what the image is opened from; None where it is in memory, or a layer.

        Raises UserInputError where the folder holds another job, naming what differs.
        """
        path = self.output / BLOCKS / LEDGER
        if not path.exists() and (self.output / PREDICTION).exists():
            problem = "it holds results without a list of finished blocks"
            raise UserInputError("output", self.output.name, problem, "Choose another folder, or delete it")
        plan = {} if path.exists() else VolumePlan.of(self.trained, self.grid).to_json()
        about = {"source": None if source is None else source.to_json()}
        return Ledger.open(path, self.job, plan, about)

    def steps(
        self, ledger: Ledger, network: Callable[[], Network], image: Callable[[], Array], cluster: Cluster
    ) -> Generator[BlockDone, None, None]:
        """All that is not done yet."""
        plan = VolumePlan.from_json(ledger.plan)
        self._create_prediction(plan)
        self._forget_lost(ledger, plan)
        if not ledger.finished(DONE):
            if cluster.is_here:
                bytes_per_voxel = self.trained.run.task.segmenting_bytes(len(self.grid.shape))
                segmenting = Threads(segmenting_threads(plan, bytes_per_voxel))
                yield from self._stages(ledger, plan, network, image, Threads(THREADS), segmenting)
            else:
                with cluster.connect() as client:
                    workers = DaskWorkers(client)
                    yield from self._stages(ledger, plan, network, image, workers, workers)
            if self.segments:
                ledger.finish(DONE, Block((0,), (1,)))
        shutil.rmtree(self._work, ignore_errors=True)

    def _stages(
        self,
        ledger: Ledger,
        plan: VolumePlan,
        network: Callable[[], Network],
        image: Callable[[], Array],
        predicting: Workers,
        segmenting: Workers,
    ) -> Generator[BlockDone, None, None]:
        scale, dims = self.trained.run.architecture.scale, len(self.grid.shape)
        path = self.output / PREDICTION
        act = PredictBlock(network, image, self.grid.start, scale, self.coding, path)
        predicted = self._wanted(Grid(self.grid.shape, plan.block))
        yield from run_stage(PREDICTING, act, predicted.blocks(), ledger, predicting)
        if not self.segments:
            yield from write_pyramid(path, dims, "mean", ledger, segmenting, predicted)
            return
        of = self._segmenting(plan)
        yield from segment_blocks(of, ledger, segmenting)
        yield from write_pyramid(path, dims, "mean", ledger, segmenting, predicted)
        yield from write_pyramid(of.target, dims, "stride", ledger, segmenting, of.grid)

    def _wanted(self, grid: Grid) -> Grid:
        """The blocks in which something is wanted. Raises UserInputError where that is nothing."""
        if self.region is None:
            return grid
        wanted = self.region.within(grid)
        if not wanted.count:
            problem = f"it is 0 wherever {self.raw.name} lies"
            raise UserInputError("mask", self.region.mask().name, problem, "Choose another mask")
        return wanted

    def _create_prediction(self, plan: VolumePlan) -> None:
        path = self.output / PREDICTION
        if path.exists():
            return
        run, channels = self.trained.run, self.trained.channels
        dims, shape = len(self.grid.shape), (channels, *self.grid.shape)
        create_ome_zarr(
            path,
            axes="c" + "zyx"[-dims:],
            shape=shape,
            dtype=self.dtype,
            chunks=(1, *plan.chunk),
            shards=None if self.ome_version == "0.4" else (channels, *plan.block),
            coarser=coarser_shapes(shape, dims),
            channel_names=run.task.channel_names(dims),
            attributes=self._about | {"stored": {"low": self.coding.low, "high": self.coding.high}},
            **self._world,
        )

    def _segmenting(self, plan: VolumePlan) -> Segmenting:
        dims = len(self.grid.shape)
        return Segmenting(
            method=self.own or self.trained.run.task,
            parameters=dict(self.parameters) if self.own is None else {},
            prediction=self.output / PREDICTION,
            coding=self.coding,
            target=self.output / SEGMENTATION,
            world={
                **self._world,
                "axes": "zyx"[-dims:],
                "chunks": plan.chunk,
                "coarser": coarser_shapes(self.grid.shape, dims),
                "attributes": self._about,
            },
            work=self._work,
            grid=self._wanted(Grid(self.grid.shape, plan.segmented)),
            halo=plan.halo,
            region=self.region,
        )

    @property
    def _work(self) -> Path:
        return self.output / BLOCKS / "work"

    @property
    def _world(self) -> dict[str, Any]:
        return {
            "voxel_size": self.grid.voxel_size,
            "offset": self.grid.offset,
            "unit": self.grid.unit,
            "ome_version": self.ome_version,
        }

    @property
    def _about(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "identity": self.trained.run.identity,
            "iteration": self.trained.iteration,
            "image": self.raw.name,
            "parameters": dict(self.parameters),
            "mask": None if self.region is None else self.region.mask().name,
            "segmenter": None if self.own is None else self.own.address,
            "version": version("napari-dacapo"),
            "versions": {package: version(package) for package in ("torch", "zarr", "numpy")},
        }

    def _forget_lost(self, ledger: Ledger, plan: VolumePlan) -> None:
        """Finished blocks whose file is gone are to be done again, and what was made of them in the end."""
        predicted = Grid(self.grid.shape, plan.block)
        lost = _lost(self.output / PREDICTION, predicted, ledger.finished(PREDICTING))
        ledger.forget(PREDICTING, lost)
        if (self.output / SEGMENTATION).exists():
            written = ledger.finished(WRITTEN) | ledger.finished(CLASSES)
            lost |= _lost(self.output / SEGMENTATION, Grid(self.grid.shape, plan.segmented), written)
        if not lost:
            return
        for stage in ledger.stages:
            if stage != PREDICTING:
                ledger.forget(stage, ledger.finished(stage))


def holds_results(output: Path) -> bool:
    """Whether everything that was begun there is complete."""
    path = output / BLOCKS / LEDGER
    if not path.exists():
        return (output / PREDICTION).exists()
    return is_complete(path)


def is_complete(ledger: Path) -> bool:
    """Whether its last line says so; the others, which may be many, are not read."""
    return last_stage(ledger) == DONE


def image_of(folder: RunFolder, source: Source) -> ImageOf:
    return ImageOf(source, folder.root, folder.saved_run().datasplit.normalization)


def _lost(path: Path, grid: Grid, starts: frozenset[Voxels]) -> set[Voxels]:
    array = open_own(path)
    channels = tuple(slice(0, n) for n in array.shape[: -len(grid.shape)])
    blocks = (block for block in grid.blocks() if block.start in starts)
    return {block.start for block in blocks if not is_written(array, path / "0", (*channels, *block.slices))}


def _looks_of(array: Array) -> list[Any]:
    """What tells an array from another one, as far as a look at its middle does."""
    return [array.name, *array.shape, *array.voxel_size, *array.offset, zlib.crc32(_middle(array))]


def _middle(raw: Array) -> bytes:
    start = tuple(max(0, n // 2 - SAMPLE // 2) for n in raw.spatial_shape)
    shape = tuple(min(SAMPLE, n - s) for n, s in zip(raw.spatial_shape, start, strict=True))
    return np.ascontiguousarray(raw.read(start, shape)).tobytes()


@lru_cache(maxsize=1)
def _opened(image: ImageOf) -> Array:
    plain = image.source.open(image.root)
    return plain if image.source.is_normalized else image.normalization.apply(plain)


@lru_cache(maxsize=1)
def _opened_mask(mask: MaskOf) -> Array:
    return mask.source.open(mask.root)


@lru_cache(maxsize=1)
def _loaded(network: NetworkOf) -> Network:
    trained = load_trained(network.folder, iteration=network.iteration, device=network.device)
    return network_of(trained, network.input_shape)
