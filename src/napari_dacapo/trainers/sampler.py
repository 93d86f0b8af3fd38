"""Training patches: which are taken, and how they are varied."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.cache import cached
from napari_dacapo.augments.augment import GeometricAugment, IntensityAugment
from napari_dacapo.augments.warp import Warp, compose
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.trainers.patch_shape import PatchShape
from napari_dacapo.trainers.patches import Patches
from napari_dacapo.trainers.trainer import Trainer

CACHE_BYTES = 4 << 30  # of decoded data kept in memory, shared by all arrays


@dataclass(frozen=True, slots=True)
class Sample:
    """One patch. The labels are larger than the network's output by what the task needs around it.

    Warped patches lie about the same centre as if they were not.
    """

    raw: NDArray[np.float32]  # (c, (z,) y, x)
    labels: NDArray[Any]  # ((z,) y, x) or (c, (z,) y, x), uint16, uint32 or uint64, as the ids need
    known: NDArray[np.bool_]  # ((z,) y, x)
    dataset: str
    annotated: tuple[str, ...]  # the classes that were labelled; empty: all
    place: Voxels  # first voxel of the output, in raw voxels
    raw_offset: World  # where raw begins
    offset: World  # where the output begins


class Sampler:
    """Patches of the training data, each a pure function of seed, iteration and index."""

    def __init__(
        self,
        datasets: OpenDatasets,
        trainer: Trainer,
        seed: int,
        input_shape: Voxels,
        output_shape: Voxels,
        scale: Voxels,
        padding: tuple[Voxels, Voxels],
    ) -> None:
        """`output_shape` and `padding` in output voxels, of which `scale` make a raw voxel.

        Raises UserInputError where the output fits into a dataset nowhere.
        """
        shape = PatchShape(input_shape, output_shape, scale, padding)
        budget = kept_bytes(datasets)
        self._patches = [Patches(_kept(each, budget), shape) for each in datasets]
        self._weights = np.cumsum([each.weight for each in datasets])
        self._trainer = trainer
        self._seed = seed

    @property
    def input_channels(self) -> int:
        """Channels of raw."""
        return self._patches[0].dataset.raw.channels or 1

    def sample(self, iteration: int, index: int) -> Sample:
        """The patch number `index` of an iteration's batch.

        Raises UserInputError where raw is NaN or infinite, or nothing is labelled.
        """
        rng = np.random.default_rng(np.random.SeedSequence([self._seed, iteration, index]))
        number = np.searchsorted(self._weights, rng.integers(self._weights[-1]), side="right")
        patches = self._patches[int(number)]
        place = patches.place(rng, self._trainer.sampling, self._trainer.min_labelled)
        raw, labels, known = patches.cut(place, self._warp(rng, patches))
        return Sample(
            raw=self._varied(rng, patches, raw),
            labels=labels,
            known=known,
            dataset=patches.dataset.title,
            annotated=patches.dataset.annotated,
            place=place,
            raw_offset=patches.input_corner(place),
            offset=patches.corner(place),
        )

    def _warp(self, rng: np.random.Generator, patches: Patches) -> Warp:
        shape, voxel_size = patches.shape.input_shape, patches.dataset.raw.voxel_size
        kinds = (each for each in self._trainer.augments if isinstance(each, GeometricAugment))
        done = (each for each in kinds if rng.random() < each.probability)
        return compose([each.draw(rng, shape, voxel_size) for each in done], len(shape))

    def _varied(
        self, rng: np.random.Generator, patches: Patches, raw: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        shape, voxel_size = patches.shape.input_shape, patches.dataset.raw.voxel_size
        for augment in self._trainer.augments:
            if isinstance(augment, IntensityAugment) and rng.random() < augment.probability:
                raw = augment.act(raw, **augment.draw(rng, shape, voxel_size))
        return raw


def kept_bytes(datasets: OpenDatasets) -> int:
    """Of each of their arrays, which stay in memory."""
    return CACHE_BYTES // sum(2 if each.known is None else 3 for each in datasets)


def stored_raw(dataset: OpenDataset) -> Array:
    """What is kept of raw: as it is stored, where that takes less memory than the float32 it becomes."""
    plain = dataset.plain_raw
    return dataset.raw if plain is None or plain.nbytes >= dataset.raw.nbytes else plain


def _kept(dataset: OpenDataset, budget: int) -> OpenDataset:
    """The dataset with its arrays cached, each within the budget."""
    stored = stored_raw(dataset)
    raw = cached(stored, budget)
    if dataset.normalization is not None and stored is dataset.plain_raw:
        raw = dataset.normalization.apply(raw)
    known = None if dataset.known is None else cached(dataset.known, budget)
    return replace(dataset, raw=raw, labels=cached(dataset.labels, budget), known=known)
