"""What keeps a run from starting, found before anything is written."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.sample import Sample
from napari_dacapo.arrays.wide_chunks import is_wide
from napari_dacapo.datasplits.check import Report, check
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.training.batches import Batches
from napari_dacapo.trainers.sampler import kept_bytes, stored_raw

LABEL_BYTES = 4 * 2**20  # of each dataset, shown to the task


def preflight(run: Run, root: Path) -> Report:
    """Everything that does not fit together, with the field it belongs to, and what a person should weigh.

    Looks at a bounded sample of the data, however large they are. Relative paths start at `root`.
    """
    found = tuple(component_problems(run))
    if found:
        return Report(found, ())
    try:
        training, validation = run.datasplit.training(root), run.datasplit.validation(root)
    except UserInputError as error:
        error.field = f"datasplit.{error.field}"
        return Report((error,), ())
    found = tuple(_refusal("", lambda: refuse_other_dims(run.architecture, (*training, *validation))))
    if found:
        return Report(found, ())
    report = check(training, validation)
    found = report.problems or tuple(_training_problems(run, training, validation))
    warnings = (*report.warnings, *run.architecture.warnings(training[0].raw.voxel_size))
    return Report(found, (*warnings, *_slow_to_read(run.architecture, training)))


def component_problems(run: Run) -> Iterator[UserInputError]:
    """What of them does not fit together, whatever the data."""
    yield from _refusal("task", lambda: run.task.channel_names(run.architecture.dims))
    yield from _refusal(
        "architecture", lambda: run.architecture.output_shape(run.architecture.validation_patch)
    )


def refuse_other_dims(architecture: Architecture, datasets: OpenDatasets) -> None:
    """Raises UserInputError where the network is not for data of as many dimensions."""
    for dataset in datasets:
        if dataset.raw.dims != architecture.dims:
            raise UserInputError(
                "architecture",
                f"{architecture.dims}D",
                f"the data of {dataset.title} are {dataset.raw.dims}D",
                "Choose a network of as many dimensions as the data have",
            )


def _training_problems(
    run: Run, training: OpenDatasets, validation: OpenDatasets
) -> Iterator[UserInputError]:
    found = [
        problem
        for dataset in (*training, *validation)
        for problem in _refusal(dataset.title, partial(_show_labels, run, dataset))
    ]
    size = TrainingSize(1, run.architecture.input_patch)
    yield from found or _refusal("", lambda: Batches.of(run, training, size).patch(0, 0))


def _slow_to_read(architecture: Architecture, training: OpenDatasets) -> Iterator[str]:
    """Images too large to be kept in memory, of which every patch decodes far more than it holds."""
    budget = kept_bytes(training)
    for title, raw in ((each.title, stored_raw(each)) for each in training):
        if raw.nbytes > budget and is_wide(raw, architecture.input_patch):
            chunk = " x ".join(map(str, raw.chunks[-raw.dims :]))
            yield (
                f"{title}: every patch decodes whole chunks of {chunk} voxels of an image too large to be "
                "kept in memory: training may wait for that. Convert it to OME-Zarr in small chunks first."
            )


def _show_labels(run: Run, dataset: OpenDataset) -> None:
    labels, known = dataset.labels, dataset.known
    for start, shape in Sample.of(labels, dataset.region, LABEL_BYTES).places:
        here = np.ones(shape, np.bool_) if known is None else known.read(start, shape).astype(np.bool_)
        run.task.refuse_labels(labels.read(start, shape), here)
        run.task.known_of(here, dataset.annotated)


def _refusal(field: str, act: Callable[[], Any]) -> Iterator[UserInputError]:
    """What the act refuses, its field named within `field`."""
    try:
        act()
    except UserInputError as error:
        error.field = f"{field}.{error.field}" if field else error.field
        yield error
