"""A part of one volume that validates while the rest trains, and other volumes with it."""

import math
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Self

from napari_dacapo.arrays.box import Box, World
from napari_dacapo.datasplits.dataset import Dataset, Entries, Entry, OpenDataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.errors import UserInputError


class HoldingOut(DataSplit):
    """A part of one dataset validates; the rest of it trains, and all others."""

    dataset: Dataset
    "The dataset of which a part validates."

    further: tuple[Dataset, ...] = ()
    "Others, which train. Where one shows the same raw, what validates is held out of it, too."

    @abstractmethod
    def held_out(self, opened: OpenDataset) -> Box:
        """What validates of the dataset, in world units."""

    def training(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        held_out = self.held_out(opened)
        others = (self._other(each, opened, held_out, root) for each in self.further)
        return (replace(opened, excluded=held_out), *others)

    def _other(self, dataset: Dataset, first: OpenDataset, held_out: Box, root: Path) -> OpenDataset:
        """Another dataset; of one that shows the same raw, labels in the box that validates are unknown.

        Raises UserInputError where no others are left.
        """
        opened = dataset.open(root, self.normalization)
        if not _shows_the_same(self.dataset, dataset, root) or opened.raw.box != first.raw.box:
            return opened
        if opened.region.intersect(held_out) == opened.region:
            fix = "Let another part validate, or take this dataset away"
            raise UserInputError("further", dataset.title, "all of it lies in what validates", fix)
        return replace(opened, excluded=held_out)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        """The part alone. Raw around it still gives context."""
        opened = self.dataset.open(root, self.normalization)
        return (replace(opened, region=self.held_out(opened)),)

    @property
    def entries(self) -> Entries:
        return tuple(map(Entry, (self.dataset, *self.further)))

    def renumbered(self, ids: tuple[int, ...]) -> Self:
        further = tuple(each.renumbered(ids) for each in self.further)
        return self.replace(dataset=self.dataset.renumbered(ids), further=further)


def _shows_the_same(one: Dataset, other: Dataset, root: Path) -> bool:
    """Whether raw is read from the same files; those of other machines are told by their records."""
    files = [[path.resolve() for path in each.raw.paths(root)] for each in (one, other)]
    return files[0] == files[1] if any(files) else one.raw == other.raw


def held_out_box(dataset: OpenDataset, begin: World, end: World) -> Box:
    """The box, moved to the nearest borders of the coarser voxels of raw and labels.

    Raises UserInputError unless it lies in the data, holds a voxel, and leaves one to train on.
    """
    region = dataset.region
    if len(begin) != len(region.begin):
        problem = f"it has {len(begin)} numbers, {dataset.title} has {len(region.begin)} axes"
        raise UserInputError("begin", begin, problem, f"Give {len(region.begin)} numbers")
    size, origin = _coarser_grid(dataset)
    sides = tuple(zip(begin, end, region.begin, region.end, size, strict=True))
    if any(b < low - v / 2 or e > high + v / 2 for b, e, low, high, v in sides):
        fix = f"Raw and labels both cover {extent(region)} {dataset.raw.unit}"
        raise UserInputError(
            "begin", extent(Box(begin, end)), f"the box leaves the data of {dataset.title}", fix
        )
    held_out = Box(_snapped(begin, origin, size), _snapped(end, origin, size)).intersect(region)
    if held_out.is_empty:
        fix = f"Make it at least one voxel, {size} {dataset.raw.unit}, in size"
        raise UserInputError("end", end, "the box holds no voxel", fix)
    if held_out == region:
        raise UserInputError("end", end, "the box leaves nothing to train on", "Make it smaller")
    return held_out


def _coarser_grid(dataset: OpenDataset) -> tuple[World, World]:
    raw, labels = dataset.raw, dataset.labels
    sides = tuple(zip(raw.voxel_size, raw.offset, labels.voxel_size, labels.offset, strict=True))
    size = tuple(max(v, w) for v, _, w, _ in sides)
    return size, tuple(o if v >= w else p for v, o, w, p in sides)


def _snapped(corner: World, origin: World, size: World) -> World:
    sides = zip(corner, origin, size, strict=True)
    return tuple(o + math.floor((c - o) / v + 0.5) * v for c, o, v in sides)
