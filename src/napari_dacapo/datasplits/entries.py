"""A datasplit made of datasets that are added, taken away and told to train or to validate."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeGuard

from napari_dacapo.datasplits.dataset import Dataset, Entries, Entry
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.holding_out import HoldingOut
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError

EVERY = 5  # of many datasets, one that validates


def split_of(entries: Entries, before: DataSplit | None, root: Path = Path()) -> DataSplit:
    """One dataset holds a part of itself out; several are listed. What raw is normalised by stays.

    The first keeps the part that `before` held out of it, where no other one validates; a new one that is
    alone holds out a slab at the end of its longest axis. Raises UserInputError where none trains, or where
    the one cannot be opened.
    """
    if not any(not entry.validates for entry in entries):
        raise UserInputError("datasets", len(entries), "none of them trains", "Let at least one train")
    first, *others = (entry.dataset for entry in entries)
    if not any(entry.validates for entry in entries) and _holds_out(before, first):
        return before.replace(dataset=first, further=tuple(others))
    kept = {} if before is None else {"normalization": before.normalization}
    if not others:
        return HeldOutSlab(dataset=first, axis=longest_axis(first, before, root), **kept)
    return ListedDatasets(
        train=tuple(entry.dataset for entry in entries if not entry.validates),
        validate=tuple(entry.dataset for entry in entries if entry.validates),
        **kept,
    )


def with_dataset(entries: Entries, dataset: Dataset, trains: bool = False) -> Entries:
    """One more, or a newer one of its title in its place.

    The second one validates, unless one does, or it is told that it `trains`.
    """
    titles = [entry.dataset.title for entry in entries]
    if dataset.title in titles:
        place = titles.index(dataset.title)
        return (*entries[:place], replace(entries[place], dataset=dataset), *entries[place + 1 :])
    is_needed = bool(entries) and not trains and not any(entry.validates for entry in entries)
    return (*entries, Entry(dataset, validates=is_needed))


def with_datasets(entries: Entries, datasets: Sequence[Dataset]) -> Entries:
    """Many more; unless one validates, every fifth of them does, the second first."""
    is_needed = not any(entry.validates for entry in entries)
    for number, dataset in enumerate(datasets):
        entries = with_dataset(entries, dataset, trains=True)
        if is_needed and number % EVERY == 1:
            place = [entry.dataset.title for entry in entries].index(dataset.title)
            entries = (*entries[:place], Entry(dataset, validates=True), *entries[place + 1 :])
    return entries


def with_free_title(dataset: Dataset, entries: Entries) -> Dataset:
    """Another title where that of the dataset stands for other raw data."""
    taken = {entry.dataset.title: entry.dataset.raw for entry in entries}
    titles = (dataset.title if number == 1 else f"{dataset.title} {number}" for number in count(1))
    return dataset.replace(title=next(each for each in titles if taken.get(each, dataset.raw) == dataset.raw))


def without(entries: Entries, place: int) -> Entries:
    """One less. If none trained then, the first of the others would."""
    left = (*entries[:place], *entries[place + 1 :])
    if left and all(entry.validates for entry in left):
        return (replace(left[0], validates=False), *left[1:])
    return left


def longest_axis(dataset: Dataset, before: DataSplit | None, root: Path) -> str:
    """The letter of the axis along which raw and labels reach farthest in the world."""
    opened = dataset.open(root, (before or HeldOutSlab(dataset=dataset)).normalization)
    sizes = opened.region.size
    return "zyx"[-len(sizes) :][sizes.index(max(sizes))]


def _holds_out(before: DataSplit | None, dataset: Dataset) -> TypeGuard[HoldingOut]:
    """Whether a part of this dataset is held out."""
    return isinstance(before, HoldingOut) and before.dataset.title == dataset.title
