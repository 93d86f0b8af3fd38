"""Datasets, what validation and snapshots left, and what a run was applied to, as layers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.experiments.results.results import Result
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied
from napari_dacapo.layers.layer import LayerData, Limits, channels, image, intensities, labels, pyramid


def dataset_layers(dataset: OpenDataset) -> list[LayerData]:
    """Raw as it was before its normalisation, the labels, and where they are known."""
    raw = dataset.raw if dataset.plain_raw is None else dataset.plain_raw
    layers = [image(raw, f"{dataset.title} raw"), labels(dataset.labels, f"{dataset.title} truth")]
    if dataset.known is not None:
        layers.append(labels(dataset.known, f"{dataset.title} known"))
    return layers


def is_one_of_several(run: Run) -> bool:
    """Whether its datasets are of several images, which may all begin at the origin."""
    raws = [entry.dataset.raw for entry in run.datasplit.entries]
    return not raws or any(raw != raws[0] for raw in raws)


def image_beneath(result: Result) -> list[LayerData]:
    """What was validated, where another image may lie in the viewer at its place; else nothing."""
    return dataset_layers(result.dataset)[:1] if is_one_of_several(result.run) else []


def result_layers(result: Result) -> list[LayerData]:
    """A stored validation: an image for each channel of the prediction, and the segmentation."""
    title = f"{result.dataset.title} {result.iteration:,}"
    return _prediction_layers(result.run, result.prediction, result.segmentation, title)


def stacked_layers(result: Result) -> list[LayerData]:
    """The same, the prediction in one layer: one slider moves its channels. Beneath lies the image."""
    title = f"{result.dataset.title} {result.iteration:,}"
    stack = _without_single_channel(result.prediction)
    data, properties, kind = image(stack, f"{title} prediction", result.run.task.prediction_range)
    prediction = (data, properties | {"blending": "additive"}, kind)
    segmentation = labels(result.segmentation, f"{title} segmentation")
    return [*image_beneath(result), prediction, segmentation]


def applied_layers(run: Run, applied: Applied, title: str) -> list[LayerData]:
    """What applying a run has written, as `stacked_layers`."""
    axes = "zyx"[-run.architecture.dims :]
    layers = [prediction_layer(run, prediction_levels(applied.prediction, axes), title)]
    if applied.segmentation is not None:
        levels = pyramid(File(path=str(applied.segmentation), axes=axes), Path())
        layers.append(labels(levels, f"{title} segmentation"))
    return layers


def prediction_levels(path: Path, axes: str) -> list[Array]:
    """Those of what was predicted, the finest first; the axes are those in space."""
    levels = pyramid(File(path=str(path), axes="c" + axes), Path())
    return [_without_single_channel(level) for level in levels]


def prediction_layer(run: Run, levels: Sequence[Array], title: str) -> LayerData:
    """One image of all levels and channels; a slider moves those."""
    limits = (0.0, 255.0) if levels[0].dtype == np.uint8 else run.task.prediction_range
    data, properties, kind = image(levels, f"{title} prediction", limits)
    return data, properties | {"blending": "additive", "opacity": 0.5}, kind  # the image shines through


def snapshot_layers(folder: RunFolder, iteration: int) -> list[LayerData]:
    """Raw, target, weight and prediction of one training patch; one slider moves the channels of all.

    Target and weight are hidden: they lie where the prediction lies.
    """
    place = folder.snapshots / f"{iteration:09d}"
    run = folder.saved_run()
    axes = "c" + "zyx"[-run.architecture.dims :]
    opened = {
        name: _without_single_channel(File(path=f"{name}.zarr", axes=axes).open(place))
        for name in ("raw", "target", "weight", "prediction")
    }
    limits = dict.fromkeys(("target", "prediction"), run.task.prediction_range)
    layers = []
    for name, array in opened.items():
        data, properties, kind = image(array, f"{name} {iteration:,}", limits.get(name))
        layers.append((data, properties | {"visible": name in ("raw", "prediction")}, kind))
    return layers


def prediction_limits(prediction: Array) -> Limits:
    """Probabilities go from 0 to 1, squeezed distances from -1, either in bytes from 0 to 255."""
    if prediction.dtype == np.uint8:
        return 0.0, 255.0
    lowest, _ = intensities(prediction)
    return (-1.0, 1.0) if lowest < 0 else (0.0, 1.0)


def _prediction_layers(run: Run, prediction: Array, segmentation: Array, title: str) -> list[LayerData]:
    names = [f"{title} {name}" for name in run.task.channel_names(run.architecture.dims)]
    return [
        *channels(prediction, names, run.task.prediction_range),
        labels(segmentation, f"{title} segmentation"),
    ]


def _without_single_channel(array: Array) -> Array:
    return SelectChannels(channels=(0,)).apply(array) if array.channels == 1 else array
