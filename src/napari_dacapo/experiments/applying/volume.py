"""The blocks of one image a run is applied to: predicted, segmented, with coarser levels, resumable."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, delete_own, open_own
from napari_dacapo.arrays.pyramid import coarser_shapes
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.stamp import Stamp, StampOf
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.copying import CopySlab, create_copy, is_copy
from napari_dacapo.blockwise.dask_workers import DaskWorkers
from napari_dacapo.blockwise.durable import is_written
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger, as_written, last_stage, read_header
from napari_dacapo.blockwise.own_segmenter import OwnSegmenter
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.pyramid import levels_of, write_pyramid
from napari_dacapo.blockwise.region import Region
from napari_dacapo.blockwise.segmentation import BEGINNINGS, CLASSES, WRITTEN, is_left, segment_blocks
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.stage import BlockDone, run_stage
from napari_dacapo.blockwise.turn import ANYBODYS, Turn
from napari_dacapo.blockwise.workers import Threads, Workers
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying.looks import looks_of, refuse_changed_image, ways_of
from napari_dacapo.experiments.applying.sent import TakenAlong
from napari_dacapo.experiments.applying.slabs import around, parts_read, slabs_touched
from napari_dacapo.experiments.applying.volume_plan import (
    VolumePlan,
    copying_threads,
    predicting_threads,
    segmenting_threads,
)
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.predicting.predict import OutputGrid
from napari_dacapo.experiments.predicting.trained import Trained
from napari_dacapo.files import TEMPORARY, temporary_beside
from napari_dacapo.tasks.task import Parameters

PREDICTION, SEGMENTATION = "prediction.zarr", "segmentation.zarr"
BLOCKS = ".blocks"  # a folder beside them, with the list of finished blocks
LEDGER = "ledger.jsonl"
TURN = f"{LEDGER}.turn"
COPY = "image.zarr"  # beside it, of an image in wide chunks until all is predicted
COPYING = "copying"
PREDICTING = "predicting"
AFTER_PREDICTION = ("postprocessor", "parameters", "segmenter")  # of a job
DONE = "done"
SHOWN_HASH = 16  # digits; more tell nobody more


@dataclass(frozen=True, slots=True)
class Volume:
    """What is made of one image, and how."""

    wanted: Wanted
    trained: Trained
    plain: Array  # the image as it lies in its file
    raw: Array  # as the network is given it
    grid: OutputGrid
    parameters: Parameters
    region: Region | None = None  # where something is wanted; None: everywhere
    own: OwnSegmenter | None = None  # in place of the run's post-processing

    @property
    def output(self) -> Path:
        """Whole: workers may stand in another folder."""
        return self.wanted.output.absolute()

    @property
    def prediction(self) -> Path:
        return self.output / PREDICTION

    @property
    def segmentation(self) -> Path:
        return self.output / SEGMENTATION

    @property
    def ledger(self) -> Path:
        return self.output / BLOCKS / LEDGER

    @property
    def copy(self) -> Path:
        """Of the image."""
        return self.ledger.with_name(COPY)

    @property
    def coding(self) -> Coding:
        return Coding(self.wanted.dtype, *self.trained.run.task.prediction_range)

    @property
    def job(self) -> dict[str, Any]:
        """What must be the same for finished blocks to stand."""
        *image, voxels = looks_of(self.raw)
        ways = {"image": ways_of(self.wanted.source), "mask": ways_of(self.wanted.mask)}
        return {
            "run": self.trained.run.identity,
            "iteration": self.trained.iteration,
            "postprocessor": self.trained.run.task.to_json().get("postprocessor"),
            "parameters": dict(self.parameters),
            "image": image,
            "voxels": voxels,
            "box": [self.grid.start, self.grid.shape],
            "dtype": self.wanted.dtype,
            "mask": None if self.region is None else looks_of(self.region.mask()),
            "segmenter": None if self.own is None else [self.own.address, self.own.source],
            "ome_zarr": self.wanted.ome_version,
            "weights": self.trained.weights[:SHOWN_HASH],
            **{f"{field} of the {what}": way[field] for what, way in ways.items() for field in way},
        }

    def wanted_in(self, grid: Grid) -> Grid:
        """The blocks in which something is wanted. Raises UserInputError where that is nothing."""
        if self.region is None:
            return grid
        wanted = self.region.within(grid)
        if not wanted.count:
            problem = f"it is 0 wherever {self.raw.name} lies"
            raise UserInputError("mask", self.region.mask().name, problem, "Choose another mask")
        return wanted

    def discard(self) -> None:
        """Delete what was written of this or another job."""
        self._delete_copy()
        for image in (self.prediction, self.segmentation):
            if image.exists():
                delete_own(image)
        self.ledger.unlink(missing_ok=True)
        shutil.rmtree(self._work, ignore_errors=True)

    def forget_segmentation(self) -> None:
        """Keep the prediction, and delete what was made of it, by whatever parameters.

        Raises UserInputError where it is not the prediction of this job.
        """
        if self.ledger.exists():
            Ledger.retake(self.ledger, self.job, AFTER_PREDICTION, PREDICTING)
        self._delete_segmentation()

    def _delete_copy(self) -> None:
        """With what a process that was killed over it left."""
        if self.copy.exists():
            self.copy.rename(temporary_beside(self.copy))
        for left in self.copy.parent.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)

    def _delete_segmentation(self) -> None:
        if self.segmentation.exists():
            delete_own(self.segmentation)
        shutil.rmtree(self._work, ignore_errors=True)

    def open_ledger(self) -> Ledger:
        """Raises UserInputError where the folder holds another job, naming what differs."""
        path, job = self.ledger, self.job
        if not path.exists() and self.prediction.exists():
            name, problem = self.wanted.output.name, "it holds results without a list of finished blocks"
            raise UserInputError("output", name, problem, "Choose another folder, or delete it")
        if path.exists():
            refuse_changed_image(read_header(path)["job"], as_written(job))
            return Ledger.open(path, job, {})
        plan = VolumePlan.of(self.trained, self.grid, self.plain)
        return Ledger.open(path, job, plan.to_json(), self._to_go_on(plan))

    def _to_go_on(self, plan: VolumePlan) -> dict[str, Any]:
        """What helps to go on, besides the job: files that are read, and when they were last written to."""
        sources = {"source": self.wanted.source, "mask": self.wanted.mask}
        files = {
            name: source.to_json() if isinstance(source, Source) else None for name, source in sources.items()
        }
        blocks = self.wanted_in(Grid(self.grid.shape, plan.block)).count
        return files | {"blocks": blocks, "stamp": Stamp.of(self.wanted.inputs).to_json()}

    @property
    def was_rewritten(self) -> bool:
        """Whether image or mask were written to, or copied, since the ledger was begun."""
        stamp = Stamp.of(self.wanted.inputs).to_json()
        return bool(read_header(self.ledger).get("about", {}).get("stamp", stamp) != stamp)

    def steps(self, ledger: Ledger, along: TakenAlong, cluster: Cluster) -> Generator[BlockDone, None, None]:
        """All that is not done yet."""
        plan = VolumePlan.from_json(ledger.plan)
        self._create_prediction(plan)
        self._forget_lost(ledger, plan)
        if not any(map(ledger.finished, BEGINNINGS)):
            self._delete_segmentation()  # of other parameters, where it was ended while these were taken up
        if not ledger.finished(DONE):
            if cluster.is_here:
                bytes_per_voxel = self.trained.run.task.segmenting_bytes(len(self.grid.shape))
                segmenting = Threads(segmenting_threads(plan, bytes_per_voxel))
                predicting = Threads(predicting_threads(plan, self.trained))
                copying = Threads(copying_threads(plan, self.plain)) if plan.slab else predicting
                yield from self._stages(ledger, plan, along, copying, predicting, segmenting)
            else:
                with cluster.connect() as client:
                    workers = DaskWorkers(client)
                    yield from self._stages(ledger, plan, along, workers, workers, workers)
            if not self.wanted.only_predict:
                ledger.finish(DONE, Block((0,), (1,)))
        shutil.rmtree(self._work, ignore_errors=True)

    def _stages(
        self,
        ledger: Ledger,
        plan: VolumePlan,
        along: TakenAlong,
        copying: Workers,
        predicting: Workers,
        segmenting: Workers,
    ) -> Generator[BlockDone, None, None]:
        scale, dims = self.trained.run.architecture.scale, len(self.grid.shape)
        turn = Turn.present(self.ledger.with_name(TURN))
        stamp = StampOf(tuple(path.absolute() for path in self.wanted.inputs), uuid4().hex)
        predicted = self.wanted_in(Grid(self.grid.shape, plan.block))
        if plan.slab:
            yield from self._copy_image(ledger, plan, along, copying, turn, stamp)
        act = PredictBlock(
            along.network, along.image, self.grid.start, scale, self.coding, self.prediction, turn, stamp
        )
        yield from run_stage(PREDICTING, act, predicted.from_middle(), ledger, predicting)
        self._delete_copy()
        if self.wanted.only_predict:
            yield from write_pyramid(self.prediction, dims, "mean", ledger, segmenting, predicted, turn)
            return
        of = self._segmenting(plan, turn)
        yield from segment_blocks(of, ledger, segmenting)
        yield from write_pyramid(self.prediction, dims, "mean", ledger, segmenting, predicted, turn)
        yield from write_pyramid(of.target, dims, "stride", ledger, segmenting, of.grid, turn)

    def _copy_image(
        self,
        ledger: Ledger,
        plan: VolumePlan,
        along: TakenAlong,
        workers: Workers,
        turn: Turn,
        stamp: StampOf,
    ) -> Iterator[BlockDone]:
        """Into tiles, what the blocks read of it: each would decode whole chunks, which are far wider."""
        slabs = self.slabs(plan, ledger.finished(PREDICTING))
        if not slabs.count:
            return
        if not is_copy(self.copy):
            self._delete_copy()
            ledger.forget({COPYING: ledger.finished(COPYING)})
            create_copy(self.copy, self.plain, plan.slab, self.part_read(plan))
        act = CopySlab(along.plain, self.copy, turn, stamp)
        yield from run_stage(COPYING, act, slabs.blocks(), ledger, workers)

    def part_read(self, plan: VolumePlan) -> Block:
        """Of the image, in its voxels, by all blocks together."""
        return around(self._parts_read(plan, frozenset()))

    def slabs(self, plan: VolumePlan, finished: frozenset[Voxels]) -> Grid:
        """What is copied of an image in wide chunks, since blocks that are not predicted yet read it."""
        return slabs_touched(self.plain, plan.slab, self._parts_read(plan, finished))

    def _parts_read(self, plan: VolumePlan, finished: frozenset[Voxels]) -> list[Block]:
        predicted = self.wanted_in(Grid(self.grid.shape, plan.block)).blocks()
        blocks = (block for block in predicted if block.start not in finished)
        return parts_read(self.plain, self.trained.run.architecture, self.grid, plan.input_shape, blocks)

    def _create_prediction(self, plan: VolumePlan) -> None:
        if self.prediction.exists():
            return
        run, channels = self.trained.run, self.trained.channels
        dims, shape = len(self.grid.shape), (channels, *self.grid.shape)
        create_ome_zarr(
            self.prediction,
            axes="c" + "zyx"[-dims:],
            shape=shape,
            dtype=self.wanted.dtype,
            chunks=(1, *plan.chunk),
            shards=None if self.wanted.ome_version == "0.4" else (channels, *plan.block),
            coarser=coarser_shapes(shape, dims),
            channel_names=run.task.channel_names(dims),
            attributes=self._about | {"stored": {"low": self.coding.low, "high": self.coding.high}},
            **self._world,
        )

    def _segmenting(self, plan: VolumePlan, turn: Turn = ANYBODYS) -> Segmenting:
        dims = len(self.grid.shape)
        return Segmenting(
            method=self.own or self.trained.run.task,
            parameters=dict(self.parameters) if self.own is None else {},
            prediction=self.prediction,
            coding=self.coding,
            target=self.segmentation,
            world={
                **self._world,
                "axes": "zyx"[-dims:],
                "chunks": plan.chunk,
                "coarser": coarser_shapes(self.grid.shape, dims),
                "attributes": self._about | self._segmented_by,
            },
            work=self._work,
            grid=self.wanted_in(Grid(self.grid.shape, plan.segmented)),
            halo=plan.halo,
            region=self.region,
            turn=turn,
        )

    @property
    def _work(self) -> Path:
        return self.ledger.with_name("work")

    @property
    def _world(self) -> dict[str, Any]:
        return {
            "voxel_size": self.grid.voxel_size,
            "offset": self.grid.offset,
            "unit": self.grid.unit,
            "ome_version": self.wanted.ome_version,
        }

    @property
    def _about(self) -> dict[str, Any]:
        return {
            "run": self.wanted.folder.path.name,
            "identity": self.trained.run.identity,
            "iteration": self.trained.iteration,
            "image": self.raw.name,
            "mask": None if self.region is None else self.region.mask().name,
            "version": version("napari-dacapo"),
            "versions": {package: version(package) for package in ("torch", "zarr", "numpy")},
        }

    @property
    def _segmented_by(self) -> dict[str, Any]:
        """Not of the prediction, which may be segmented again by others."""
        return {
            "parameters": dict(self.parameters),
            "segmenter": None if self.own is None else self.own.address,
        }

    def _forget_lost(self, ledger: Ledger, plan: VolumePlan) -> None:
        """Finished blocks whose file is gone are to be done again, and what was made of them in the end.

        Coarser levels of what is there are made again by themselves.
        """
        predicted = _lost(self.prediction, 0, Grid(self.grid.shape, plan.block), ledger.finished(PREDICTING))
        written = ledger.finished(WRITTEN) | ledger.finished(CLASSES)
        segmented = _lost(self.segmentation, 0, Grid(self.grid.shape, plan.segmented), written)
        if predicted or segmented or not (ledger.finished(DONE) or is_left(self._segmenting(plan), ledger)):
            every = {stage: ledger.finished(stage) for stage in ledger.stages}
            ledger.forget({**every, PREDICTING: predicted})
        elif coarser := self._lost_of_coarser(ledger):
            ledger.forget({**coarser, DONE: ledger.finished(DONE)})

    def _lost_of_coarser(self, ledger: Ledger) -> dict[str, frozenset[Voxels]]:
        """By stage, where there are such."""
        return {
            stage: lost
            for image in (self.prediction, self.segmentation)
            for level, stage, grid in levels_of(image, len(self.grid.shape))
            if (lost := _lost(image, level, grid, ledger.finished(stage)))
        }


def holds_results(output: Path) -> bool:
    """Whether everything that was begun there is complete."""
    path = output / BLOCKS / LEDGER
    if not path.exists():
        return (output / PREDICTION).exists()
    return is_complete(path)


def is_complete(ledger: Path) -> bool:
    """Whether its last line says so; the others, which may be many, are not read."""
    return last_stage(ledger) == DONE


def _lost(path: Path, level: int, grid: Grid, starts: frozenset[Voxels]) -> frozenset[Voxels]:
    """The finished blocks of a level that lack a file."""
    if not starts or not path.exists():
        return starts
    array, folder = open_own(path, level), path / str(level)
    channels = tuple(slice(0, n) for n in array.shape[: -len(grid.shape)])
    blocks = (block for block in grid.blocks() if block.start in starts)
    lost = (block for block in blocks if not is_written(array, folder, (*channels, *block.slices)))
    return frozenset(block.start for block in lost)
