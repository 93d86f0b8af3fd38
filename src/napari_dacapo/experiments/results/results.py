"""What validation left on the disk, and other post-processing of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.results.parameters import refuse_other_parameters
from napari_dacapo.experiments.results.truth import truth_on
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.tasks.task import Parameters


@dataclass(frozen=True, slots=True)
class Result:
    """Prediction and segmentation of one validation dataset at one iteration, nothing read yet."""

    run: Run
    iteration: int
    dataset: OpenDataset
    prediction: Array  # (c, (z,) y, x)
    segmentation: Array  # ((z,) y, x)

    def truth(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Labels ((c,) (z,) y, x) and where they are known ((z,) y, x), on the prediction's voxels."""
        grid = self.segmentation
        return truth_on(self.dataset, grid.offset, grid.voxel_size, grid.spatial_shape)

    def segment(self, parameters: Parameters) -> Segmented:
        """The prediction segmented with any parameters, and scored; nothing is written.

        Raises UserInputError for parameters that are not those of the run's post-processing.
        """
        task = self.run.task
        refuse_other_parameters(task, parameters)
        segmentation = task.segment(whole(self.prediction).astype(np.float32), parameters)
        labels, known = self.truth()
        judged = task.known_of(known, self.dataset.annotated)
        scores = task.score(segmentation, labels, judged, self.segmentation.voxel_size)
        return Segmented(segmentation, scores)


@dataclass(frozen=True, slots=True)
class Segmented:
    """A segmentation and what it is worth."""

    segmentation: NDArray[Any]  # ((z,) y, x), on the prediction's voxels
    scores: dict[str, float]


def stored_results(folder: RunFolder) -> tuple[Result, ...]:
    """Everything that is stored of a run, the earliest iteration first, datasets in the run's order.

    Raises UserInputError where the validation data cannot be opened.
    """
    run = folder.saved_run()
    return tuple(_results(run, folder, run.datasplit.validation(folder.root)))


def stored_result(folder: RunFolder, iteration: int, dataset: str) -> Result:
    """Raises CheckpointError, naming what is stored, where that is not."""
    results = stored_results(folder)
    for result in results:
        if (result.iteration, result.dataset.title) == (iteration, dataset):
            return result
    known = ", ".join(f"{each.dataset.title} at {each.iteration:,}" for each in results[-6:]) or "nothing"
    raise CheckpointError(
        f"No prediction of {dataset!r:.60} at iteration {iteration:,} is stored, only: {known:.120}. "
        "Validate that iteration first."
    )


def resegment(folder: RunFolder, iteration: int, dataset: str, parameters: Parameters) -> Segmented:
    """A stored validation prediction segmented with other parameters, and scored; nothing is written."""
    return stored_result(folder, iteration, dataset).segment(parameters)


def whole(array: Array) -> NDArray[Any]:
    """Every voxel: for what fits into memory."""
    return array.read((0,) * array.dims, array.spatial_shape)


def _results(run: Run, folder: RunFolder, datasets: tuple[OpenDataset, ...]) -> Iterator[Result]:
    predictions = Predictions(folder.validation)
    axes = "zyx"[-run.architecture.dims :]
    for iteration in predictions.iterations():
        for dataset in datasets:
            place = predictions.at(iteration, dataset.title)
            if (place / "segmentation.zarr").exists():  # written last
                yield Result(
                    run=run,
                    iteration=iteration,
                    dataset=dataset,
                    prediction=File(path="prediction.zarr", axes="c" + axes).open(place),
                    segmentation=File(path="segmentation.zarr", axes=axes).open(place),
                )
