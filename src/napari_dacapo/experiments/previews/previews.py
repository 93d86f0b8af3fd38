"""What a network will be given, shown before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.augments.resampling.lookup import Lookup
from napari_dacapo.augments.resampling.take import take_nearest
from napari_dacapo.augments.warp import compose
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.experiments.previews.mosaic import mosaic
from napari_dacapo.experiments.previews.view import Part, holds, is_seen, middle, part_in_view
from napari_dacapo.experiments.training.preflight import refuse_other_dims
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.patch_shape import PatchShape
from napari_dacapo.trainers.patches import Patches
from napari_dacapo.trainers.sampler import Sample, Sampler
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.trainers.trusted import trusted

AUGMENTED = 9  # patches a draw
GAP = 4  # voxels of raw between them


@dataclass(frozen=True, slots=True)
class PatchPreview:
    """One patch as it is without augments; labels and known on the voxels of the network's output."""

    title: str  # of the dataset
    raw: Array  # normalised, (c,) (z,) y, x
    labels: Array  # (c,) (z,) y, x
    known: Array  # bool, (z,) y, x: what trains
    in_view: bool  # whether it lies about the middle of the view; else it is drawn


@dataclass(frozen=True, slots=True)
class TargetPreview:
    """What a task makes of labels, c, (z,) y, x."""

    title: str  # of the dataset
    target: Array
    weight: Array
    channel_names: tuple[str, ...]
    in_view: bool  # whether it is of what is in view; else of the middle of the data
    whole: bool  # whether all that is on the screen is covered


@dataclass(frozen=True, slots=True)
class AugmentedPreview:
    """Patches side by side, beside the data; labels on the output's voxels, 0 where they do not train."""

    raw: Array  # (c,) (z,) y, x
    labels: Array  # (c,) (z,) y, x
    seed: int


@dataclass(frozen=True, slots=True)
class Previews:
    """Of data and a network; views are boxes as in `view`.

    All raise UserInputError for data that cannot be opened, and for what does not fit them.
    """

    datasplit: DataSplit
    architecture: Architecture
    root: Path  # where relative paths start

    def patch(self, seed: int, view: Box) -> PatchPreview:
        """About the middle of the view where that is training data, else about something labelled."""
        training = self._training()
        seen = next((each for each in training if holds(each.region, view)), None)
        patches = Patches(seen or training[0], self._shape())
        if seen is None:
            place = patches.place(np.random.default_rng(seed), "labelled", 0.0)
        else:
            place = patches.about(middle(view, seen.raw.dims))
        raw, labels, known = patches.cut(place, compose((), self.architecture.dims))
        array, fine = patches.dataset.raw, self._output_voxel_size(patches.dataset)
        return PatchPreview(
            title=patches.dataset.title,
            raw=_like(array, _without_single_channel(raw), array.voxel_size, patches.input_corner(place)),
            labels=_like(array, labels, fine, patches.corner(place)),
            known=_like(array, known, fine, patches.corner(place)),
            in_view=seen is not None,
        )

    def target(self, task: Task, view: Box) -> TargetPreview:
        """Of the labels in view, held out or not; of a large view the middle, which is computed at once."""
        datasets = (*self.datasplit.training(self.root), *self.datasplit.validation(self.root))
        seen = next((each for each in datasets if is_seen(each.region, view)), None)
        dataset = replace(seen or datasets[0], excluded=None)
        names = task.channel_names(dataset.raw.dims)
        fine = self._output_voxel_size(dataset)
        part = part_in_view(dataset.raw, dataset.region, view, task.padding(fine))
        labels, known = self._labels_in(dataset, part, task.padding(fine))
        target, weight = task.target(labels, task.known_of(known, dataset.annotated), fine)
        return TargetPreview(
            title=dataset.title,
            target=_like(dataset.raw, target, fine, part.offset),
            weight=_like(dataset.raw, weight, fine, part.offset),
            channel_names=names,
            in_view=seen is not None,
            whole=part.whole,
        )

    def augmented(self, trainer: Trainer, draw: int, view: Box) -> AugmentedPreview:
        """The first patches that a training with the trainer's seed, plus `draw`, takes."""
        training = self._training()
        shape, seed = self._shape(), trainer.seed + draw
        sizes = (shape.input_shape, shape.output_shape, shape.scale, shape.padding)
        sampler = Sampler(training, trainer, seed, *sizes)
        samples = [sampler.sample(iteration, 0) for iteration in range(AUGMENTED)]
        cell = (*shape.input_shape[:-2], *(n + GAP for n in shape.input_shape[-2:]))
        fine_cell, fine_corner = (_times(each, shape.scale) for each in (cell, shape.margin))
        raw = mosaic([each.raw for each in samples], cell, (0,) * len(cell))
        labels = mosaic([_known_labels(each) for each in samples], fine_cell, fine_corner)
        array, fine = training[0].raw, self._output_voxel_size(training[0])
        offset = _beside(array, view, cell)
        return AugmentedPreview(
            raw=_like(array, _without_single_channel(raw), array.voxel_size, offset),
            labels=_like(array, labels, fine, offset),
            seed=seed,
        )

    def _training(self) -> OpenDatasets:
        training = self.datasplit.training(self.root)
        refuse_other_dims(self.architecture, training)
        return training

    def _shape(self) -> PatchShape:
        network = self.architecture
        nothing = (0,) * network.dims
        output_shape = network.output_shape(network.input_patch)
        return PatchShape(network.input_patch, output_shape, network.scale, (nothing, nothing))

    def _scale(self, dims: int) -> Voxels:
        """A target needs no network: one for data of other dimensions is none."""
        return self.architecture.scale if self.architecture.dims == dims else (1,) * dims

    def _output_voxel_size(self, dataset: OpenDataset) -> World:
        scale = self._scale(dataset.raw.dims)
        return tuple(v / s for v, s in zip(dataset.raw.voxel_size, scale, strict=True))

    def _labels_in(
        self, dataset: OpenDataset, part: Part, padding: tuple[Voxels, Voxels]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Labels ((c,) (z,) y, x) and known ((z,) y, x) of the part and the padding around it."""
        raw, labels, scale = dataset.raw, dataset.labels, self._scale(dataset.raw.dims)
        shape = PatchShape(part.shape, _times(part.shape, scale), scale, padding)
        half = shape.half(raw.voxel_size)
        centre = tuple(o + h for o, h in zip(part.offset, half, strict=True))
        grid = shape.label_grid(raw.voxel_size)
        lookup = Lookup.of(compose((), raw.dims), grid, centre, labels)
        ids, known = take_nearest(labels, trusted(dataset), lookup)
        channels = () if labels.channels is None else (labels.channels,)
        return ids.reshape(*channels, *grid.shape), known.reshape(grid.shape)


def _like(array: Array, image: NDArray[Any], voxel_size: World, offset: World) -> Array:
    """In the unit of the array; a first axis more than it has in space is channels."""
    axes = "c" * (image.ndim - array.dims) + "zyx"[-array.dims :]
    return from_numpy(image, axes, voxel_size, offset, array.unit)


def _without_single_channel(image: NDArray[Any]) -> NDArray[Any]:
    return image[0] if len(image) == 1 else image


def _known_labels(sample: Sample) -> NDArray[Any]:
    labels: NDArray[Any] = np.where(sample.known, sample.labels, sample.labels.dtype.type(0))
    return labels


def _times(shape: Voxels, scale: Voxels) -> Voxels:
    return tuple(n * s for n, s in zip(shape, scale, strict=True))


def _beside(array: Array, view: Box, cell: Voxels) -> World:
    """Right of the array, its upper side, and with its middle in the slice that is shown."""
    box, voxel_size = array.box, array.voxel_size
    along_x = box.end[-1] + GAP * voxel_size[-1]
    if array.dims == 2:
        return box.begin[0], along_x
    in_the_middle = (box.begin[0] + box.end[0]) / 2
    shown = middle(view, 3)[0] if len(view.begin) > 2 else in_the_middle
    inside = min(max(shown, box.begin[0]), box.end[0])
    before = round((inside - box.begin[0]) / voxel_size[0]) - cell[0] // 2
    return box.begin[0] + before * voxel_size[0], box.begin[1], along_x
