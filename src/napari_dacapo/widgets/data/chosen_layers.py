"""From layers of the viewer, or files, to a datasplit; works in a thread and knows no layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset, Entries
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.entries import split_of, with_dataset, with_datasets, with_free_title
from napari_dacapo.datasplits.fitting import refuse_misfit
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.ids import Unlabelled
from napari_dacapo.datasplits.pictures import pictures
from napari_dacapo.layers.keeping import ChosenLayer, Kept, files_in_use, keep
from napari_dacapo.store.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class ChosenLayers:
    """What a person chose for one dataset."""

    title: str
    image: ChosenLayer
    labels: ChosenLayer
    mask: ChosenLayer | None
    unlabelled: Unlabelled
    trains: bool = False  # whether it never validates by itself


@dataclass(frozen=True, slots=True)
class Used:
    """What became of it, and in words."""

    datasplit: DataSplit
    said: str


def use_layers(
    workspace: Workspace, chosen: Sequence[ChosenLayers], entries: Entries, before: DataSplit | None
) -> Used:
    """A datasplit of the entries and the layers; those of an entry's title take its place.

    Raises UserInputError for layers that cannot be used; nothing is saved then.
    """
    in_use = files_in_use(workspace)
    said: list[str] = []
    for each in chosen:
        dataset, kept = _kept(workspace, each, in_use)
        entries = with_dataset(entries, dataset, each.trains)
        said += kept
    return Used(split_of(entries, before, workspace.path), "\n".join(said))


def use_files(root: Path, dataset: Dataset, entries: Entries, before: DataSplit | None) -> Used:
    """A datasplit of the entries and one more dataset. Raises UserInputError where that cannot be opened."""
    dataset = with_free_title(_titled(dataset), entries)
    _refuse_closed((dataset,), before, root)
    said = f"{dataset.title}: read from where the files are."
    return Used(split_of(with_dataset(entries, dataset), before, root), said)


def use_pictures(root: Path, dataset: Dataset, entries: Entries, before: DataSplit | None) -> Used:
    """The same of a dataset for each image in its folders."""
    datasets = [with_free_title(each, entries) for each in pictures(dataset, root)]
    _refuse_closed(datasets, before, root)
    datasplit = split_of(with_datasets(entries, datasets), before, root)
    validate = sum(entry.validates for entry in datasplit.entries)
    said = f"{len(datasets)} images are read from where they are. Of all, {validate} validate."
    return Used(datasplit, said)


def _refuse_closed(datasets: Sequence[Dataset], before: DataSplit | None, root: Path) -> None:
    """Raises UserInputError for the first that cannot be opened."""
    for each in datasets:
        each.open(root, (before or HeldOutSlab(dataset=each)).normalization)


def _titled(dataset: Dataset) -> Dataset:
    """By its image, where nobody gave it a title."""
    is_named = dataset.title != Dataset.model_fields["title"].default
    if is_named or not isinstance(dataset.raw, File):
        return dataset
    return dataset.replace(title=PurePath(dataset.raw.path).stem)


def _kept(workspace: Workspace, chosen: ChosenLayers, in_use: Collection[Path]) -> tuple[Dataset, list[str]]:
    """The dataset, its arrays found to fit together before any is saved."""
    image, labels = chosen.image.image(), chosen.labels.labels()
    refuse_misfit(image, labels, "labels")
    kept: dict[str, Kept] = {}
    if chosen.mask is not None:
        mask = chosen.mask.labels()
        refuse_misfit(labels, mask, "mask")
        kept["mask"] = keep(workspace, f"{chosen.title} mask", chosen.mask, mask, in_use)
    kept["raw"] = keep(workspace, f"{chosen.image.shown.title} raw", chosen.image, image, in_use)
    kept["labels"] = keep(workspace, f"{chosen.title} labels", chosen.labels, labels, in_use)
    sources = {name: each.source for name, each in kept.items()}
    dataset = Dataset(title=chosen.title, unlabelled=chosen.unlabelled, **sources)
    return dataset, [each.said for each in kept.values()]
