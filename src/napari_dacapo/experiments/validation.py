"""Predict the validation data, try every post-processing parameter, score, keep the best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.grid import read_on_grid
from napari_dacapo.blockwise.predict import BlockPlan, Forward, plan_blocks
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import DeviceError
from napari_dacapo.experiments.comparison import best_row, mean_rows
from napari_dacapo.experiments.compute import Compute
from napari_dacapo.experiments.history import ValidationRow
from napari_dacapo.experiments.memory import TrainingSize, is_out_of_memory
from napari_dacapo.experiments.predictions import Predictions
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.session import Session, output_voxel_size
from napari_dacapo.experiments.steps import Notice, Predicted, Saved, Step, Validation
from napari_dacapo.experiments.trained import load_trained

if TYPE_CHECKING:
    from torch import nn


def validate_session(session: Session) -> Iterator[Step]:
    """Score the weights as they are; the scores reach the history only when all of them are there."""
    rows: list[ValidationRow] = []
    predictions = Predictions(session.folder.validation)
    for dataset in session.validation:
        for step in validate(
            session.run, session.network, session.compute, dataset, session.iteration, predictions
        ):
            if isinstance(step, Validation):
                rows.append(ValidationRow(step.iteration, step.dataset, step.parameters, step.scores))
            yield step
    session.network.train()
    session.history.append_many(rows)
    session.validations.extend(rows)
    best_by = _mark_best(session)
    predictions.keep_only({session.iteration, *session.checkpoints.best_iterations()})
    yield Saved(session.iteration, session.checkpoints.folder, best_by)


def validate_trained(
    folder: RunFolder, criterion: str = "", iteration: int | None = None, device: str = "auto"
) -> Iterator[Step]:
    """Score the best weights by a criterion, or those of an iteration, or the last; the history stays as it is."""
    trained = load_trained(folder, criterion, iteration, device)
    predictions = Predictions(folder.validation)
    for dataset in trained.run.datasplit.validation(folder.root):
        yield from validate(
            trained.run, trained.network, trained.compute, dataset, trained.iteration, predictions
        )


def validate(
    run: Run,
    network: nn.Module,
    compute: Compute,
    dataset: OpenDataset,
    iteration: int,
    predictions: Predictions,
) -> Iterator[Step]:
    """Predict one dataset, try every point of the post-processing grid, and keep prediction and best segmentation."""
    grid = OutputGrid.of(run, dataset)
    prediction = yield from _predict(run, network, compute, dataset, iteration, grid)
    labels = read_on_grid(dataset.labels, grid.offset, grid.voxel_size, grid.shape)
    known = _known(dataset, grid)
    decides = run.task.criteria()[0]
    best_score: float | None = None
    segmentation = np.zeros(grid.shape, np.uint8)
    points = run.task.parameter_grid()
    for done, parameters in enumerate(points, start=1):
        candidate = run.task.segment(prediction, parameters)
        scores = run.task.score(candidate, labels, known)
        if decides.better(scores[decides.name], best_score) or best_score is None:
            best_score, segmentation = scores[decides.name], candidate
        yield Validation(iteration, dataset.title, dict(parameters), scores, done, len(points))
    predictions.write(iteration, dataset.title, grid, prediction, segmentation)


@dataclass(frozen=True, slots=True)
class OutputGrid:
    """The voxels a dataset's region has on the grid the network predicts on."""

    start: Voxels  # in raw voxels
    shape: Voxels  # in output voxels
    offset: World
    voxel_size: World
    unit: str

    @classmethod
    def of(cls, run: Run, dataset: OpenDataset) -> OutputGrid:
        raw = dataset.raw
        inside = tuple(b - o for b, o in zip(dataset.region.begin, raw.offset, strict=True))
        start = tuple(math.ceil(i / v - 1e-6) for i, v in zip(inside, raw.voxel_size, strict=True))
        ends = (e - o for e, o in zip(dataset.region.end, raw.offset, strict=True))
        end = (math.floor(e / v + 1e-6) for e, v in zip(ends, raw.voxel_size, strict=True))
        sides = zip(start, end, run.architecture.scale, strict=True)
        return cls(
            start=start,
            shape=tuple((e - s) * scale for s, e, scale in sides),
            offset=tuple(o + s * v for o, s, v in zip(raw.offset, start, raw.voxel_size, strict=True)),
            voxel_size=output_voxel_size(run, raw.voxel_size),
            unit=raw.unit,
        )


def _known(dataset: OpenDataset, grid: OutputGrid) -> NDArray[np.bool_]:
    if dataset.known is None:
        return np.ones(grid.shape, np.bool_)
    return read_on_grid(dataset.known, grid.offset, grid.voxel_size, grid.shape).astype(np.bool_)


def _predict(
    run: Run, network: nn.Module, compute: Compute, dataset: OpenDataset, iteration: int, grid: OutputGrid
) -> Any:
    """Yields a step a block and returns the prediction (c, (z,) y, x) float32; halves the blocks where memory ends."""
    channels = len(run.task.channel_names(run.architecture.dims))
    prediction = np.empty((channels, *grid.shape), np.float32)
    size = TrainingSize(1, run.architecture.validation_patch)
    for smaller in (size, *size.smaller(run.architecture)):
        plan = plan_blocks(run.architecture, grid.start, grid.shape, smaller.input_shape)
        done = yield from _fill(prediction, plan, forward_of(run, network, compute), dataset, iteration)
        if done:
            return prediction
        compute.release()
        yield Notice(f"The memory of {compute.device} did not suffice for a block of {plan.input_shape}.")
    raise DeviceError(
        f"The memory of {compute.device} does not suffice to predict {dataset.title}",
        "Choose a smaller eval_shape_increase or another device",
    )


def _fill(
    prediction: NDArray[np.float32], plan: BlockPlan, forward: Forward, dataset: OpenDataset, iteration: int
) -> Any:
    """Yields a step a block; returns whether memory sufficed."""
    try:
        for done, (block, values) in enumerate(plan.run(forward, dataset.raw), start=1):
            prediction[(slice(None), *block.slices)] = values
            yield Predicted(iteration, dataset.title, done, plan.count)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


def forward_of(run: Run, network: nn.Module, compute: Compute) -> Forward:
    """The network as a function of one block: raw (c, (z,) y, x) -> prediction (channels, (z,) y, x) float32."""
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


def _mark_best(session: Session) -> tuple[str, ...]:
    """Tell the checkpoints by which criteria this iteration is the best, over all and for each dataset."""
    decides = session.run.task.criteria()[0]
    best_by = []
    for criterion in session.run.task.criteria():
        best = best_row(criterion, mean_rows(session.validations))
        if best is not None and best.iteration == session.iteration:
            session.checkpoints.mark_best(criterion.name, best.iteration, best.scores[criterion.name])
            best_by.append(criterion.name)
    for dataset in session.validation:
        own = [row for row in session.validations if row.dataset == dataset.title]
        best = best_row(decides, own)
        if best is not None and best.iteration == session.iteration:
            key = f"{dataset.title}/{decides.name}"
            session.checkpoints.mark_best(key, best.iteration, best.scores[decides.name])
    return tuple(best_by)
