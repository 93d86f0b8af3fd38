"""Labels that cannot be learned from, found in a bounded sample."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.sample import Sample, voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.datasplits.ids import as_painted
from napari_dacapo.errors import UserInputError

MOST_IDS = 65_536  # more look like grey values


@dataclass(slots=True)
class _Tally:
    looked_at: int = 0
    known: int = 0  # of those
    labelled: int = 0  # of the known ones
    ids: set[int] = field(default_factory=set)  # of the known ones, 0 included

    def add(self, labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
        self.looked_at += known.size
        self.known += int(np.count_nonzero(known))
        foreground = (labels != 0).reshape(-1, *known.shape).any(axis=0)
        self.labelled += int(np.count_nonzero(foreground & known))
        if len(self.ids) <= MOST_IDS:
            self.ids.update(np.unique(labels[..., known]).tolist())


def label_findings(dataset: OpenDataset, limit: int) -> Iterator[UserInputError | str]:
    """Problems, and warnings where the sample is too small to be sure."""
    sample = Sample.of(dataset.labels, dataset.region, limit)
    try:
        tally = _tally(dataset, sample)
    except UserInputError as error:
        error.field = f"{dataset.title}.{error.field}"
        yield error
        return
    doubt = _nothing_to_learn(dataset, tally)
    if doubt is not None:
        yield doubt if sample.complete else f"In a sample: {doubt}"
    elif len(tally.ids) == 1 and dataset.labels.channels is None:
        id = as_painted(tally.ids.pop(), dataset.unlabelled)
        yield f"{dataset.title}: every labelled voxel looked at belongs to the one object {id}."
    elif len(tally.ids) > MOST_IDS:
        yield f"{dataset.title}: the labels have over {MOST_IDS} ids in a sample; are they an image?"


def _nothing_to_learn(dataset: OpenDataset, tally: _Tally) -> UserInputError | None:
    if tally.known == 0:
        field_name = "labels" if dataset.known is None else "mask"
        problem = f"0 of {tally.looked_at} voxels are known where labels are used"
        fix = "Choose a mask that is not 0 where labels are right, or a smaller held-out part"
        return UserInputError(f"{dataset.title}.{field_name}", dataset.labels.name, problem, fix)
    if tally.labelled == 0:
        problem = f"0 of {tally.known} known voxels are labelled within {extent(dataset.region)}"
        fix = "Label some there, or let another part validate"
        return UserInputError(f"{dataset.title}.labels", dataset.labels.name, problem, fix)
    return None


def _tally(dataset: OpenDataset, sample: Sample) -> _Tally:
    tally = _Tally()
    for start, shape in sample.places:
        tally.add(dataset.labels.read(start, shape), _known(dataset, start, shape))
    return tally


def _known(dataset: OpenDataset, start: Voxels, shape: Voxels) -> NDArray[np.bool_]:
    """What trains: known, and not held out."""
    known: NDArray[Any] = np.ones(shape, np.bool_)
    if dataset.known is not None:
        known = dataset.known.read(start, shape).copy()
    if dataset.excluded is not None:
        begin, end = voxels_in(dataset.labels, dataset.excluded)
        sides = zip(begin, end, start, strict=True)
        known[tuple(slice(max(b - s, 0), max(e - s, 0)) for b, e, s in sides)] = False
    return known
