"""Applying a trained run to an image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, own_attributes, write_ome_zarr
from napari_dacapo.arrays.source import Source
from napari_dacapo.blockwise.predict import BlockPlan
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.memory import free_memory
from napari_dacapo.experiments.parameters import (
    best_parameters,
    chosen_parameters,
    refuse_other_parameters,
)
from napari_dacapo.experiments.predicting import OutputGrid, first_plan, predict
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, Notice, Step
from napari_dacapo.experiments.trained import Trained, load_trained
from napari_dacapo.files import replaced_folder
from napari_dacapo.tasks.task import Parameters

PREDICTION, SEGMENTATION = "prediction.zarr", "segmentation.zarr"
CHUNK = {2: 512, 3: 64}  # voxels along a side at most
COPIES = 2  # of a prediction in memory while it is segmented
CONTAINER = ("zarr.json", ".zgroup", ".zarray", "attributes.json")  # what says that a folder is Zarr or N5


def apply(
    folder: RunFolder,
    source: Source | Array,
    output: Path,
    criterion: str = "",
    iteration: int | None = None,
    parameters: Parameters | None = None,
    device: str = "auto",
    box: Box | None = None,
) -> Iterator[Step]:
    """Predict and segment an image, or the part in a box (world units), into the folder `output`.

    Weights are the best by a criterion, or those of an iteration, or the last. Parameters are those given,
    else those chosen for the run, else the best of validation. `output` appears when both
    `prediction.zarr` (float16) and `segmentation.zarr` are complete, and replaces earlier ones of ours;
    closing the generator leaves no trace. The prediction is segmented in one piece, in memory.

    Raises UserInputError before anything is written where image, output or parameters do not fit.
    """
    inputs = source.paths(folder.root) if isinstance(source, Source) else ()
    refuse_output(output, inputs)
    raw = _normalised(folder, source)
    run = folder.saved_run()
    if parameters is not None:
        refuse_other_parameters(run.task, parameters)
    _refuse_dimensions(raw, run.architecture.dims)
    trained = load_trained(folder, criterion, iteration, device)
    _refuse_channels(raw, trained.input_channels)
    grid = OutputGrid.of(run, raw, _within(raw, box))
    _refuse_too_large(trained, raw, grid)
    yield from _scale_notices(folder, raw)
    if parameters is None:
        parameters, notices = _usual_parameters(folder, trained, criterion)
        yield from notices
    with _unfinished(output) as place:
        yield from _write(trained, raw, grid, place, parameters)
        refuse_output(output, inputs)
    yield Applied(trained.iteration, parameters, output / PREDICTION, output / SEGMENTATION)


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
    if output.is_symlink() or (output.exists() and not _is_ours(output)):
        problem = "something else is there"
        raise UserInputError("output", str(output), problem, "Choose a new folder, or empty it first")


def _is_ours(output: Path) -> bool:
    """Whether it is a folder with nothing in it but what we wrote."""
    if not output.is_dir():
        return False
    names = {PREDICTION, SEGMENTATION}
    return all(each.name in names and own_attributes(each) is not None for each in output.iterdir())


def _normalised(folder: RunFolder, source: Source | Array) -> Array:
    """The image with the intensities the network was trained on."""
    normalization = folder.saved_run().datasplit.normalization
    if isinstance(source, Array):
        return normalization.apply(source)
    plain = source.open(folder.root)
    return plain if source.is_normalized else normalization.apply(plain)


def _refuse_dimensions(raw: Array, dims: int) -> None:
    if raw.dims != dims:
        problem = f"{raw.name} is {raw.dims}D, the network was trained in {dims}D"
        raise UserInputError("image", raw.axes, problem, f"Choose a {dims}D image, or another run")


def _refuse_channels(raw: Array, channels: int) -> None:
    found = raw.channels or 1
    if found != channels:
        problem = f"{raw.name} has {_counted(found)}, the network was trained on {_counted(channels)}"
        fix = "Select those it was trained on" if found > channels else "Choose the image with all of them"
        raise UserInputError("image", _counted(found), problem, fix)


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _within(raw: Array, box: Box | None) -> Box:
    """The part of the box that the image covers. Raises UserInputError where it holds no voxel."""
    if box is None:
        return raw.box
    if len(box.begin) != raw.dims:
        fix = f"Give {raw.dims} numbers for begin and end"
        raise UserInputError("box", box.begin, f"{raw.name} has {raw.dims} axes", fix)
    both = raw.box.intersect(box)
    if any(size < v for size, v in zip(both.size, raw.voxel_size, strict=True)):
        problem = f"no voxel of {raw.name} lies in it"
        raise UserInputError("box", extent(box), problem, f"The image covers {extent(raw.box)} {raw.unit}")
    return both


def _refuse_too_large(trained: Trained, raw: Array, grid: OutputGrid) -> None:
    needed, free = COPIES * 4 * trained.channels * math.prod(grid.shape), free_memory()
    if needed > free:
        problem = f"segmenting needs about {needed / 2**30:.3g} GiB of memory, {free / 2**30:.3g} are free"
        raise UserInputError("image", raw.name, problem, "Give a box around a smaller part of it")


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
    return first, (Notice(f"This run was never validated; it is applied with {dict(first)}."),)


@contextmanager
def _unfinished(output: Path) -> Iterator[Path]:
    """A folder that becomes `output` at the end."""
    try:
        with replaced_folder(output) as place:
            yield place
    except PermissionError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise UserInputError("output", str(output), problem, "Choose another folder") from error


def _write(
    trained: Trained, raw: Array, grid: OutputGrid, place: Path, parameters: Parameters
) -> Iterator[Step]:
    run = trained.run
    axes = "zyx"[-raw.dims :]
    about = {
        "identity": run.identity,
        "iteration": trained.iteration,
        "image": raw.name,
        "parameters": dict(parameters),
    }
    world: dict[str, Any] = {"voxel_size": grid.voxel_size, "offset": grid.offset, "unit": grid.unit}
    prediction = create_ome_zarr(
        place / PREDICTION,
        axes="c" + axes,
        shape=(trained.channels, *grid.shape),
        dtype=np.float16,
        chunks=(1, *_chunks(first_plan(run, grid))),
        channel_names=run.task.channel_names(raw.dims),
        attributes=about,
        **world,
    )
    yield from predict(trained, raw, grid, raw.name, prediction)
    yield Notice(f"Segmenting the prediction with {dict(parameters)}.")
    segmentation = run.task.segment(np.asarray(prediction[:], np.float32), parameters)
    write_ome_zarr(place / SEGMENTATION, segmentation, axes=axes, attributes=about, **world)


def _chunks(plan: BlockPlan) -> Voxels:
    """Parts that a block is made of: 104 voxels are two chunks of 52."""
    largest = CHUNK[len(plan.block_shape)]
    return tuple(_part(side, largest) for side in plan.block_shape)


def _part(side: int, largest: int) -> int:
    return next(side // parts for parts in range(math.ceil(side / largest), side + 1) if side % parts == 0)
