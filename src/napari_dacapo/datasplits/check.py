"""What is wrong or doubtful with the data of a run, found before it starts."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.sample import NEARLY_WHOLE, SAMPLE_BYTES
from napari_dacapo.datasplits.check_labels import label_findings
from napari_dacapo.datasplits.check_raw import raw_findings
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets
from napari_dacapo.datasplits.fitting import extent, shift
from napari_dacapo.errors import UserInputError

READ_BYTES = 48 * 2**20  # of all datasets together, shared among raw, normalised raw and labels
LEAST_BYTES = 2**18
Finding = UserInputError | str  # a problem, or a warning


@dataclass(frozen=True, slots=True)
class Report:
    """Problems keep a run from starting; warnings are for a person to weigh."""

    problems: tuple[UserInputError, ...]
    warnings: tuple[str, ...]


def check(training: OpenDatasets, validation: OpenDatasets) -> Report:
    """Look at the datasets and at a bounded sample of their voxels, about 64 MiB however large they are."""
    found = list(_relations(training, validation))
    datasets = (*training, *validation)
    share = READ_BYTES // (3 * max(1, len(datasets)))
    for dataset in datasets:
        found += _findings(dataset, min(SAMPLE_BYTES, max(LEAST_BYTES, share)))
    return _report(found)


def _report(found: Iterable[Finding]) -> Report:
    problems = {str(each): each for each in found if isinstance(each, UserInputError)}
    warnings = dict.fromkeys(each for each in found if isinstance(each, str))
    return Report(tuple(problems.values()), tuple(warnings))


def _findings(dataset: OpenDataset, limit: int) -> Iterator[Finding]:
    yield from _placement(dataset)
    yield from label_findings(dataset, limit)
    yield from raw_findings(dataset, limit)


def _relations(training: OpenDatasets, validation: OpenDatasets) -> Iterator[Finding]:
    if not training:
        yield UserInputError("train", (), "nothing trains", "Add a dataset")
        return
    if not validation:
        yield "Nothing validates: there will be no scores and no best iteration."
    for other in (*training[1:], *validation):
        yield from _differences(training[0], other)
    for dataset in validation:
        share = max(_shared(each, dataset) for each in training)
        if share > 0:
            yield f"{share:.0%} of the validation data {dataset.title} is trained on: scores will flatter."


def _differences(first: OpenDataset, other: OpenDataset) -> Iterator[Finding]:
    for name, one, another in (
        ("dimensions", first.raw.dims, other.raw.dims),
        ("channels", first.raw.channels or 1, other.raw.channels or 1),
        ("channels of labels", first.labels.channels or 1, other.labels.channels or 1),
    ):
        if one != another:
            problem = f"the data of {first.title} have {one} {name}, those of {other.title} {another}"
            yield UserInputError(
                f"{other.title}.raw", another, problem, "One network takes one kind of data only"
            )
            return
    if first.raw.unit != other.raw.unit or not all(
        map(math.isclose, first.raw.voxel_size, other.raw.voxel_size)
    ):
        sizes = [f"{each.raw.voxel_size} {each.raw.unit} ({each.title})" for each in (first, other)]
        yield f"Voxel sizes differ: {sizes[0]}, {sizes[1]}. Resample one if the network is to see one scale."


def _shared(training: OpenDataset, validation: OpenDataset) -> float:
    """The share of the validation's region that trains, too."""
    if training.raw.name != validation.raw.name or training.raw.dims != validation.raw.dims:
        return 0.0
    both = training.region.intersect(validation.region)
    held_out = _volume(both.intersect(training.excluded)) if training.excluded else 0.0
    share = (_volume(both) - held_out) / _volume(validation.region)
    return share if share > 1e-6 else 0.0


def _volume(box: Box) -> float:
    return math.prod(max(0.0, size) for size in box.size)


def _placement(dataset: OpenDataset) -> Iterator[Finding]:
    raw, labels = dataset.raw, dataset.labels
    shifted = shift(raw, labels)
    if any(shifted):
        yield f"{dataset.title}: labels lie {shifted} voxels off the borders of raw; the nearest is taken."
    covered = raw.box.intersect(labels.box)
    cut_away = (full - part for full, part in zip(labels.box.size, covered.size, strict=True))
    if any(size > v * NEARLY_WHOLE for size, v in zip(cut_away, labels.voxel_size, strict=True)):
        outside = f"labels cover {extent(labels.box)}, raw only {extent(raw.box)} {raw.unit}"
        yield f"{dataset.title}: {outside}; {extent(covered)} is used."
