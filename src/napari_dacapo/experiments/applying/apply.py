"""Applying a trained run to an image of any size."""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from math import isnan
from pathlib import Path
from typing import TypeVar

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.ome_zarr import own_attributes
from napari_dacapo.arrays.source import Source
from napari_dacapo.blockwise.copying import with_copy
from napari_dacapo.blockwise.ledger import is_ledger
from napari_dacapo.blockwise.own_segmenter import OwnSegmenter
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.blockwise.region import Region
from napari_dacapo.blockwise.turn import Turn
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying.sent import ImageOf, TakenAlong, closing_images, normalised
from napari_dacapo.experiments.applying.volume import (
    BLOCKS,
    LEDGER,
    PREDICTING,
    PREDICTION,
    SEGMENTATION,
    TURN,
    Volume,
)
from napari_dacapo.experiments.applying.volume_plan import VolumePlan
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.predicting.predict import OutputGrid, memory_notices, network_of
from napari_dacapo.experiments.predicting.trained import Trained, load_trained
from napari_dacapo.experiments.results.parameters import (
    best_parameters,
    chosen_parameters,
    refuse_other_parameters,
)
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, Notice, Predicted, Step, Worked
from napari_dacapo.files import TEMPORARY, locked, make_folder
from napari_dacapo.tasks.task import Parameters

CONTAINER = ("zarr.json", ".zgroup", ".zarray", "attributes.json")  # what says that a folder is Zarr or N5
PARTS = (BLOCKS, PREDICTION, SEGMENTATION)
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave in folders that were looked at
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
MASK_BYTES = 1 << 29  # kept in memory at most
LOCK_SECONDS = 2.0  # how long one waits for another that is just ending

T = TypeVar("T")


def apply(
    wanted: Wanted,
    cluster: Cluster = ThisMachine(),  # noqa: B008 - frozen
    replace: bool = False,
    segment_again: bool = False,
) -> Generator[Step, None, None]:
    """Predict and segment an image into `prediction.zarr` and `segmentation.zarr`, block by block.

    A list of finished blocks lies beside them. Closing the generator, or a crash, keeps those; the same call
    goes on with the others, and gives the same in the end. To `replace` deletes what an earlier call left
    there first; to `segment_again` deletes its segmentation and keeps its prediction, whatever parameters
    it had.

    Raises UserInputError before anything is written where image, output or parameters do not fit, or where
    another job was begun in the output, StoreError where another process is at work there, BlocksError where
    some blocks failed while the others were done.
    """
    volume = yield from prepare(wanted)
    with _alone(wanted.output):
        if replace:
            volume.discard()
        if segment_again:
            volume.forget_segmentation()
        with closing_images():
            yield from _work(volume, cluster)
    segmentation = None if wanted.only_predict else volume.segmentation
    yield Applied(volume.trained.iteration, volume.parameters, volume.prediction, segmentation)


def prepare(wanted: Wanted) -> Generator[Notice, None, Volume]:
    """What `apply` will work on, with what a person should know of it; nothing is written. Raises as that."""
    refuse_output(wanted.output, wanted.inputs)
    folder, run = wanted.folder, wanted.folder.saved_run()
    plain = wanted.source.open(folder.root) if isinstance(wanted.source, Source) else wanted.source
    raw = normalised(plain, wanted.source, run.datasplit.normalization)
    if wanted.parameters is not None and not wanted.segmenter:
        refuse_other_parameters(run.task, wanted.parameters)
    _refuse_dimensions(raw, run.architecture.dims)
    trained = load_trained(folder, wanted.criterion, wanted.iteration, wanted.device)
    _refuse_channels(raw, trained.input_channels)
    grid = _output_grid(run, raw, wanted.box)
    region = None if wanted.mask is None else _region(folder, raw, grid, wanted.mask)
    own = _own_segmenter(wanted, grid)
    yield from _scale_notices(folder, raw)
    if plain.time_points > 1:
        count = f"{plain.name} has {plain.time_points} time points"
        yield Notice(f"{count}: the first is taken unless another was chosen.")
    parameters = wanted.parameters if own is None else own.parameters
    if parameters is None:
        parameters, notices = _usual_parameters(folder, trained, wanted.criterion)
        yield from notices
    return Volume(wanted, trained, plain, raw, grid, parameters, region, own)


def _region(folder: RunFolder, raw: Array, grid: OutputGrid, mask: Source | Array) -> Region:
    """Raises UserInputError for what is no mask of the image."""
    if isinstance(mask, Source):  # looked at for every block of every step
        opened: Callable[[], Array] = ImageOf(mask, folder.absolute().root, kept_bytes=MASK_BYTES)
    else:
        opened = _given(mask)
    found = opened()
    fix = "Choose a mask of the image"
    if found.dims != raw.dims or found.unit != raw.unit or (found.channels or 1) > 1:
        problem = f"it has axes {found.axes} in {found.unit}, {raw.name} has {raw.axes} in {raw.unit}"
        raise UserInputError("mask", found.name, problem, fix)
    if raw.box.intersect(found.box).is_empty:
        problem = f"it covers {extent(found.box)} {raw.unit}, {raw.name} {extent(raw.box)}"
        raise UserInputError("mask", found.name, problem, fix)
    return Region(opened, grid.offset, grid.voxel_size)


def _own_segmenter(wanted: Wanted, grid: OutputGrid) -> OwnSegmenter | None:
    if not wanted.segmenter:
        return None
    own = OwnSegmenter(wanted.segmenter, grid.voxel_size, dict(wanted.parameters or {}))
    own.refuse_missing()
    return own


def refuse_output(output: Path, inputs: tuple[Path, ...] = ()) -> None:
    """Raises UserInputError for a folder that must not be written or replaced."""
    place = output.resolve()
    for path in (each.resolve() for each in inputs):
        if place == path or path in place.parents or place in path.parents:
            problem = f"the image {path.name} lies there; it would be overwritten"
            raise UserInputError("output", str(output), problem, "Choose another folder")
    for parent in place.parents:
        if any((parent / name).exists() for name in CONTAINER):
            problem = f"it lies inside of the image {parent.name}"
            raise UserInputError("output", str(output), problem, "Choose a folder outside of it")
    on_a_file = any(parent.exists() and not parent.is_dir() for parent in place.parents)
    if on_a_file or output.is_symlink() or (output.exists() and not _is_ours(output)):
        problem = "something else is there"
        raise UserInputError("output", str(output), problem, "Choose a new folder, or empty it first")


def _is_ours(output: Path) -> bool:
    """Whether it is a folder with nothing in it but what we wrote; notes may lie beside a list of blocks."""
    if not output.is_dir():
        return False
    begun = is_ledger(output / BLOCKS / LEDGER)
    return all(
        _is_part(path)
        for path in output.iterdir()
        if path.name in PARTS or not (begun or path.name in LITTER)
    )


def _is_part(path: Path) -> bool:
    """Whether we wrote it, perhaps in a process that was killed before it got far."""
    if path.name == BLOCKS:
        begun = all(each.name.startswith((f"{LEDGER}.", TEMPORARY)) for each in path.iterdir())
        return begun or is_ledger(path / LEDGER)
    if path.name in (PREDICTION, SEGMENTATION):
        return own_attributes(path) is not None
    return path.name.startswith(TEMPORARY)


def _refuse_dimensions(raw: Array, dims: int) -> None:
    if raw.dims != dims:
        problem = f"{raw.name} is {raw.dims}D, the network was trained in {dims}D"
        fix = f"Choose a {dims}D image, other axes of it (t is time), or another run"
        raise UserInputError("image", raw.axes, problem, fix)


def _refuse_channels(raw: Array, channels: int) -> None:
    found = raw.channels or 1
    if found != channels:
        problem = f"{raw.name} has {_counted(found)}, the network was trained on {_counted(channels)}"
        some = "Take only those it was trained on; those of a layer come apart by Split Stack in its menu"
        fix = some if found > channels else "Choose the image with all of them"
        raise UserInputError("image", _counted(found), problem, fix)


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _output_grid(run: Run, raw: Array, box: Box | None) -> OutputGrid:
    """Of the part of the box that the image covers. Raises UserInputError where it holds no whole voxel."""
    if box is None:
        return OutputGrid.of(run, raw, raw.box)
    if not len(box.begin) == len(box.end) == raw.dims or any(map(isnan, (*box.begin, *box.end))):
        fix = f"Give {raw.dims} numbers for begin and end"
        raise UserInputError("box", (box.begin, box.end), f"{raw.name} has {raw.dims} axes", fix)
    both = raw.box.intersect(box)
    grid = None if both.is_empty else OutputGrid.of(run, raw, both)
    if grid is None or min(grid.shape) < 1:
        problem = f"no whole voxel of {raw.name} lies in it"
        raise UserInputError("box", extent(box), problem, f"The image covers {extent(raw.box)} {raw.unit}")
    return grid


def _scale_notices(folder: RunFolder, raw: Array) -> Iterator[Notice]:
    """Whether the voxels are of another size than those trained on, where these are still there."""
    with suppress(UserInputError):
        known = folder.saved_run().datasplit.training(folder.root)[0].raw
        if known.unit != raw.unit or not np.allclose(known.voxel_size, raw.voxel_size, rtol=0.05):
            sizes = [f"{each.voxel_size} {each.unit}" for each in (known, raw)]
            text = (
                f"Trained on voxels of {sizes[0]}, applied to voxels of {sizes[1]}: things look other there."
            )
            yield Notice(text)


def _usual_parameters(
    folder: RunFolder, trained: Trained, criterion: str
) -> tuple[Parameters, tuple[Notice, ...]]:
    found = chosen_parameters(folder) or best_parameters(folder, trained.iteration, criterion)
    if found is not None:
        return found, ()
    first = trained.run.task.parameter_grid()[0]
    told = ", ".join(f"{name} {value}" for name, value in first.items())
    return first, (Notice(f"This run was never validated; it is applied with {told}."),)


def _work(volume: Volume, cluster: Cluster) -> Iterator[Step]:
    trained, title = volume.trained, volume.raw.name
    if not cluster.is_here:
        _refuse_unsendable(volume.wanted.mask)
    ledger = volume.open_ledger()
    if volume.was_rewritten:
        yield Notice(f"{title} was written to, or copied, since its first blocks were made; those are kept.")
    plan = VolumePlan.from_json(ledger.plan)
    here = network_of(trained, plan.input_shape)
    along = _taken_along(volume, plan, here, cluster)
    with closing(volume.steps(ledger, along, cluster)) as steps:
        for step in steps:
            yield from memory_notices(here)
            if step.stage == PREDICTING:
                yield Predicted(trained.iteration, title, step.done, step.of)
            else:
                yield Worked(step.stage, title, step.done, step.of)


def _taken_along(volume: Volume, plan: VolumePlan, here: Network, cluster: Cluster) -> TakenAlong:
    wanted, plain = volume.wanted, volume.plain
    copy = volume.copy if plan.slab else None
    if not cluster.is_here and isinstance(wanted.source, Source):
        return TakenAlong.to_others(
            wanted.folder.absolute(),
            volume.trained.iteration,
            wanted.device,
            plan.input_shape,
            wanted.source,
            copy,
        )

    @cache
    def image() -> Array:
        normalization = volume.trained.run.datasplit.normalization
        return (
            volume.raw if copy is None else normalised(with_copy(plain, copy), wanted.source, normalization)
        )

    return TakenAlong(_given(here), _given(plain), image)


def _refuse_unsendable(mask: Source | Array | None) -> None:
    if isinstance(mask, Array):
        problem = "it is in the memory of this program, other processes cannot read it"
        raise UserInputError("mask", mask.name, problem, "Save it to a file first")


def _given(value: T) -> Callable[[], T]:
    return lambda: value


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """No other process writes there meanwhile, nor a worker that a killed one left behind.

    Raises StoreError naming the one that does.
    """
    try:
        make_folder(output / BLOCKS)
        with locked(output / BLOCKS / LEDGER, LOCK_SECONDS):
            Turn.take(output / BLOCKS / TURN)
            yield
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        problem = f"it cannot be written ({error.strerror})"
        raise UserInputError("output", str(output), problem, "Choose another folder") from error
