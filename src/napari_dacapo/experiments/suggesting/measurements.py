"""What of the training data and the machine decides how a network should be built."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import fastremap
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.sample import Sample, voxels_in
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.datasplits.ids import Unlabelled, as_painted
from napari_dacapo.errors import UserInputError

WINDOW = {2: 1024, 3: 128}  # voxels a side that are looked at of a dataset
MOST_DATASETS = 8
SAMPLE_BYTES = 1 << 20  # of labels, to find where most is labelled
LEAST_SHARE = 0.005  # of the labelled voxels: ids with fewer may be strays
STRAY_SHARE = 0.01  # of the labelled voxels, that all strays together have at most
MOST_IDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Lengths are in voxels of raw unless they say otherwise, (z,) y, x."""

    voxel_size: World  # of raw
    shape: Voxels  # the smallest extent that is labelled in any dataset
    input_channels: int
    label_channels: tuple[str, ...]  # names of the labels' channels; empty: one id a voxel
    ids: tuple[int, ...]  # other than background, ascending; the first thousand at most
    has_strays: bool  # whether there are ids besides, of hardly any voxels
    parts: float  # connected parts of an id, the median of all; objects have one or two
    chord: tuple[float, ...]  # how long a line stays within one object along each axis, the mean
    touching: float  # share of objects' surfaces that touches another object
    unbounded: float  # share of objects' surfaces that borders on what is unknown: all of a stroke's
    fill: float  # share of its bounding box that an object fills, the median
    memory: int  # bytes of the device
    on_gpu: bool
    unlabelled: Unlabelled = "nothing"  # as the ids of all labels were painted

    @property
    def dims(self) -> int:
        return len(self.voxel_size)

    @property
    def painted(self) -> tuple[int, ...]:
        """The ids as a person knows them."""
        return tuple(as_painted(id, self.unlabelled) for id in self.ids)


def measure(training: OpenDatasets, memory: int, on_gpu: bool) -> Measurements:
    """Of a bounded sample of the labels, some seconds at most; raw is not read.

    Raises UserInputError where nothing trains, or nothing is labelled in what was looked at.
    """
    if not training:
        raise UserInputError("train", (), "nothing trains", "Add a dataset")
    first = training[0]
    windows = [_Window.of(each) for each in _evenly(training, MOST_DATASETS)]
    voxels = sum((each.voxels for each in windows), Counter[int]())
    if not voxels:
        problem = "nothing is labelled in what was looked at"
        raise UserInputError("labels", first.labels.name, problem, "Label something, or choose other labels")
    ids = _without_strays(voxels)
    surface = max(1, sum(each.surface for each in windows))
    return Measurements(
        voxel_size=first.raw.voxel_size,
        shape=tuple(map(min, zip(*(_labelled_shape(each) for each in training), strict=True))),
        input_channels=first.raw.channels or 1,
        label_channels=_channel_names(first),
        ids=tuple(ids[:MOST_IDS]),
        has_strays=len(ids) < len(voxels),
        parts=_median([count for each in windows for count in each.parts]),
        chord=tuple(np.mean([each.chord for each in windows if each.voxels], axis=0).round(2).tolist()),
        touching=round(sum(each.touching for each in windows) / surface, 3),
        unbounded=round(sum(each.unbounded for each in windows) / surface, 3),
        fill=round(_median([fill for each in windows for fill in each.fills]), 3),
        memory=memory,
        on_gpu=on_gpu,
        unlabelled="zero" if all(each.unlabelled == "zero" for each in training) else "nothing",
    )


def _without_strays(voxels: Counter[int]) -> list[int]:
    """The ids in their order, without a few of hardly any voxels: grey values at the edges of a mask."""
    common = [id for id, count in voxels.items() if count >= LEAST_SHARE * voxels.total()]
    strays = voxels.total() - sum(voxels[id] for id in common)
    return sorted(common if strays <= STRAY_SHARE * voxels.total() else voxels)


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of a dataset's labels in which most is labelled."""

    voxels: Counter[int]  # of each id
    parts: list[int]  # connected parts of each id
    chord: tuple[float, ...]
    touching: int  # pairs of neighbouring voxels of two objects
    unbounded: int  # pairs of neighbouring voxels of which one is of an object, the other unknown
    surface: int  # pairs of neighbouring voxels of an object and anything else
    fills: list[float]

    @classmethod
    def of(cls, dataset: OpenDataset) -> _Window:
        ids, known = _read(dataset)
        numbered, numbers = fastremap.renumber(ids)
        counts = np.bincount(numbered.ravel())
        own = {int(id): int(counts[int(number)]) for id, number in numbers.items() if id != 0}
        ratio = [v / r for v, r in zip(dataset.labels.voxel_size, dataset.raw.voxel_size, strict=True)]
        chord = [length * r for length, r in zip(_chords(numbered), ratio, strict=True)]
        return cls(
            Counter(own),
            _parts(numbered, len(own)),
            tuple(chord),
            *_surface(numbered, known),
            _fills(numbered),
        )


def _read(dataset: OpenDataset) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Ids and what is known ((z,) y, x); 0 where it is not; of labels with channels the last that is set."""
    labels = dataset.labels
    begin, end = voxels_in(labels, dataset.region)
    side = WINDOW[labels.dims]
    centre = _most_labelled(dataset)
    start = tuple(max(b, min(c - side // 2, e - side)) for b, c, e in zip(begin, centre, end, strict=True))
    shape = tuple(min(side, e - s) for s, e in zip(start, end, strict=True))
    ids: NDArray[Any] = labels.read(start, shape)
    if labels.channels is not None:
        ids = ((ids != 0) * np.arange(1, len(ids) + 1).reshape(-1, *(1,) * labels.dims)).max(axis=0)
    known: NDArray[Any] = np.ones(shape, np.bool_)
    if dataset.known is not None:
        known = dataset.known.read(start, shape)
    return np.ascontiguousarray(np.where(known, ids, 0)), known


def _most_labelled(dataset: OpenDataset) -> Voxels:
    """The middle of the block of a sample in which most is labelled."""
    sample = Sample.of(dataset.labels, dataset.region, SAMPLE_BYTES)
    counts = [np.count_nonzero(block) for block in sample.read(dataset.labels)]
    start, shape = sample.places[int(np.argmax(counts))]
    return tuple(s + n // 2 for s, n in zip(start, shape, strict=True))


def _chords(ids: NDArray[Any]) -> list[float]:
    """Labelled voxels over the runs they make along each axis: 1 1 2 0 2 2 2 has 6 / 3."""
    labelled = int(np.count_nonzero(ids))
    lengths = []
    for axis in range(ids.ndim):
        here, before = _neighbours(ids, axis)
        first = int(np.count_nonzero(ids.take(0, axis)))
        lengths.append(labelled / max(1, first + int(np.count_nonzero((here != before) & (here != 0)))))
    return lengths


def _surface(ids: NDArray[Any], known: NDArray[np.bool_]) -> tuple[int, int, int]:
    touching = unbounded = surface = 0
    for axis in range(ids.ndim):
        here, before = _neighbours(ids, axis)
        apart = here != before
        surface += int(np.count_nonzero(apart))
        touching += int(np.count_nonzero(apart & (here != 0) & (before != 0)))
        unbounded += int(np.count_nonzero(apart & ~np.logical_and(*_neighbours(known, axis))))
    return touching, unbounded, surface


def _neighbours(ids: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Every voxel but the first along an axis, and the one before it."""
    along = np.moveaxis(ids, axis, 0)
    return along[1:], along[:-1]


def _parts(numbered: NDArray[Any], count: int) -> list[int]:
    """Connected parts of each id from 1 to count."""
    components, found = cc3d.connected_components(
        numbered, connectivity=4 if numbered.ndim == 2 else 6, return_N=True
    )
    owners = np.zeros(found + 1, np.intp)
    owners[components.ravel()] = numbered.ravel()
    parts: list[int] = np.bincount(owners[1:], minlength=count + 1)[1:].tolist()
    return parts


def _fills(numbered: NDArray[Any]) -> list[float]:
    boxes = ndimage.find_objects(numbered)
    counts = np.bincount(numbered.ravel(), minlength=len(boxes) + 1)[1:]
    found = [(box, int(count)) for box, count in zip(boxes, counts, strict=True) if box is not None]
    whole = [each for each in found if not _touches_border(each[0], numbered.shape)]
    return [count / math.prod(side.stop - side.start for side in box) for box, count in whole or found]


def _touches_border(box: tuple[slice, ...], shape: Voxels) -> bool:
    return any(side.start == 0 or side.stop == n for side, n in zip(box, shape, strict=True))


def _labelled_shape(dataset: OpenDataset) -> Voxels:
    begin, end = voxels_in(dataset.raw, dataset.region)
    return tuple(e - b for b, e in zip(begin, end, strict=True))


def _channel_names(dataset: OpenDataset) -> tuple[str, ...]:
    labels = dataset.labels
    if labels.channels is None:
        return ()
    return labels.channel_names or tuple(f"class {place}" for place in range(1, labels.channels + 1))


def _evenly(training: OpenDatasets, most: int) -> Sequence[OpenDataset]:
    step = max(1.0, len(training) / most)
    return [training[int(number)] for number in np.arange(0, len(training), step)][:most]


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
