"""What the pages know of the data: measured in a thread, shown in the window."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.datasplits.check import Report, check
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.boxes import region_layers
from napari_dacapo.layers.layer import LayerData
from napari_dacapo.layers.results import dataset_layers

CUBES = "They count as cubes: where they are none, set the layer's scale, or the voxel size of the file."


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The first training dataset, in a few words."""

    title: str
    shape: Voxels
    channels: int
    voxel_size: World
    unit: SpatialUnit
    region: Box  # what its raw and labels both cover

    def __str__(self) -> str:
        shape = " x ".join(f"{n:,}" for n in self.shape)
        size = " x ".join(f"{v:.4g}" for v in self.voxel_size)
        channels = f", {self.channels} channels" if self.channels > 1 else ""
        told = f"{self.title}: {shape} voxels{channels}{self._labelled}"
        if self.unit == "voxel" and set(self.voxel_size) == {1.0}:
            return f"{told}, of unknown size.{f' {CUBES}' if len(self.shape) > 2 else ''}"
        return f"{told} of {size} {self.unit}"

    @property
    def _labelled(self) -> str:
        """Nothing where the labels cover all of it."""
        shape = tuple(round(s / v) for s, v in zip(self.region.size, self.voxel_size, strict=True))
        return "" if shape == self.shape else f", labels for {' x '.join(f'{n:,}' for n in shape)} of them"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a datasplit found."""

    facts: DataFacts | None  # None where it cannot be opened
    report: Report


def look_at(datasplit: DataSplit, root: Path) -> Looked:
    """Open the data and check a bounded sample of them; nothing is raised for data that do not fit."""
    try:
        training, validation = datasplit.training(root), datasplit.validation(root)
    except UserInputError as error:
        return Looked(None, Report((error,), ()))
    return Looked(_facts(training[0]), check(training, validation))


def _facts(dataset: OpenDataset) -> DataFacts:
    raw = dataset.raw
    return DataFacts(
        title=dataset.title,
        shape=raw.spatial_shape,
        channels=raw.channels or 1,
        voxel_size=raw.voxel_size,
        unit=raw.unit,
        region=dataset.region,
    )


def regions(datasplit: DataSplit, root: Path, viewed: Collection[str] = ()) -> list[LayerData]:
    """What trains and what validates, as layers, over the first dataset if its title is not one of `viewed`.

    Of images that are not viewed and lie in one place, as pictures do, only the first. Raises UserInputError
    for data that cannot be opened.
    """
    training, validation = datasplit.training(root), datasplit.validation(root)
    seen: list[OpenDataset] = []
    for each in (*training, *validation):
        if each.title in viewed or not any(_covers(other, each) for other in seen):
            seen.append(each)
    first = [] if training[0].title in viewed else dataset_layers(training[0])
    kept = (tuple(each for each in group if each in seen) for group in (training, validation))
    return [*first, *region_layers(*kept)]


def _covers(first: OpenDataset, second: OpenDataset) -> bool:
    """Whether another image lies where the second is."""
    return first.raw.name != second.raw.name and not first.region.intersect(second.region).is_empty
