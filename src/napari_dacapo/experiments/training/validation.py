"""Predict the validation data, try every post-processing parameter, score, keep the best."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.experiments.predicting.predict import OutputGrid, predict
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.predicting.trained import Trained, load_trained
from napari_dacapo.experiments.results.history import ValidationRow
from napari_dacapo.experiments.results.truth import truth_on
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Saved, Step, Validation
from napari_dacapo.experiments.training.session import Session


def validate_session(session: Session) -> Iterator[Step]:
    """Score the weights as they are; the scores reach the history only when all of them are there."""
    rows: list[ValidationRow] = []
    predictions = Predictions(session.folder.validation)
    trained = _as_it_is(session)
    for dataset in session.validation:
        for step in validate(trained, dataset, predictions):
            if isinstance(step, Validation):
                rows.append(ValidationRow(step.iteration, step.dataset, step.parameters, step.scores))
            yield step
    session.network.train()
    session.history.append_many(rows)
    session.validations.extend(rows)
    best_by = session.mark_best()
    predictions.keep_only({session.iteration, *session.checkpoints.best_iterations()})
    yield Saved(session.iteration, session.checkpoints.folder, best_by)


def validate_trained(
    folder: RunFolder, criterion: str = "", iteration: int | None = None, device: str = "auto"
) -> Iterator[Step]:
    """Score the best weights by a criterion, or those of an iteration, or the last.

    The history stays as it is. Raises StoreError where the run is in use elsewhere.
    """
    trained = load_trained(folder, criterion, iteration, device)
    predictions = Predictions(folder.validation)
    with folder.alone():
        for dataset in trained.run.datasplit.validation(folder.root):
            yield from validate(trained, dataset, predictions)


def validate(trained: Trained, dataset: OpenDataset, predictions: Predictions) -> Iterator[Step]:
    """Predict one dataset and try every point of the post-processing grid.

    Prediction and best segmentation are kept.
    """
    task, iteration = trained.run.task, trained.iteration
    grid = OutputGrid.of(trained.run, dataset.raw, dataset.region)
    prediction = np.empty((trained.channels, *grid.shape), np.float32)
    yield from predict(trained, dataset.raw, grid, dataset.title, prediction)
    labels, known = truth_on(dataset, grid.offset, grid.voxel_size, grid.shape)
    judged = task.known_of(known, dataset.annotated)
    decides = task.criteria()[0]
    best_score: float | None = None
    segmentation = np.zeros(grid.shape, np.uint8)
    points = task.parameter_grid()
    for done, parameters in enumerate(points, start=1):
        candidate = task.segment(prediction, parameters)
        scores = task.score(candidate, labels, judged, grid.voxel_size)
        if decides.better(scores[decides.name], best_score) or best_score is None:
            best_score, segmentation = scores[decides.name], candidate
        yield Validation(iteration, dataset.title, dict(parameters), scores, done, len(points))
    predictions.write(iteration, dataset.title, grid, prediction, segmentation)


def _as_it_is(session: Session) -> Trained:
    channels = session.batches.sampler.input_channels
    return Trained(session.run, session.judged, session.compute, session.iteration, channels)
