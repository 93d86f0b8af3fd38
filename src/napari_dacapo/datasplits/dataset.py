"""One dataset: raw data and its labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.renumber import Renumber
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.config import Config
from napari_dacapo.datasplits.fitting import refuse_misfit
from napari_dacapo.datasplits.ids import Unlabelled, as_painted, object_ids
from napari_dacapo.datasplits.known import known_voxels
from napari_dacapo.errors import UserInputError


class Dataset(Config):
    """Raw data with labels of some part of it."""

    title: str = "dataset"
    "What tables and layers call this dataset."

    raw: Source
    "The image the network sees."

    labels: Source
    "What it is to find: object ids, or class ids, one integer per voxel."

    mask: Source | None = None
    "Where the labels are to be trusted: not 0. Elsewhere nothing is trained or scored."

    unlabelled: Unlabelled = "nothing"
    "`nothing`: every voxel is labelled, 0 is background. `zero`: 0 is unknown, 1 background, 2.. objects."

    annotated: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    "The classes that were labelled here, by the task's names; others count as unknown. Empty: all."

    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    "How many times more often than a dataset of weight 1 this one is sampled."

    points: tuple[World, ...] = ()
    "Places (world units, (z,) y, x) that training patches are centred on; empty: anywhere."

    def open(self, root: Path, normalization: Normalization) -> "OpenDataset":
        """The arrays, opened and found to fit together. Relative paths start at `root`.

        Raw that its own steps normalise is not normalised again. Raises UserInputError naming the field.
        """
        with _naming(self.title):
            with _naming("raw"):
                plain = self.raw.open(root)
            with _naming("labels"):
                stored = self.labels.open(root)
            mask = self._open_mask(root)
            raw = plain if self.raw.is_normalized else normalization.apply(plain)
            labels = object_ids(stored, self.unlabelled)
            refuse_misfit(raw, labels, "labels")
            region = raw.box.intersect(labels.box)
            if mask is not None:
                refuse_misfit(labels, mask, "mask")
            self._refuse_points_outside(region)
        return OpenDataset(
            title=self.title,
            raw=raw,
            plain_raw=plain,
            normalization=None if self.raw.is_normalized else normalization,
            labels=labels,
            known=known_voxels(stored, mask, self.unlabelled),
            region=region,
            excluded=None,
            weight=self.weight,
            points=self.points,
            annotated=self.annotated,
            unlabelled=self.unlabelled,
        )

    def renumbered(self, ids: tuple[int, ...]) -> Self:
        """The same with these ids, as opened labels have them, as 1, 2, 3; all others become background.

        Where 0 is what is unknown, they are painted one higher, and background is painted as 1.
        """
        kept = (0, *ids) if self.unlabelled == "zero" else ids
        painted = tuple(as_painted(id, self.unlabelled) for id in kept)
        steps = (*self.labels.steps, Renumber(ids=painted))
        return self.replace(labels=self.labels.replace(steps=steps))

    def _open_mask(self, root: Path) -> Array | None:
        if self.mask is None:
            return None
        with _naming("mask"):
            mask = self.mask.open(root)
        if mask.channels is not None:
            problem = f"a mask has no channels; {mask.name} has {mask.channels}"
            raise UserInputError("mask", mask.name, problem, "Select one channel of it")
        return mask

    def _refuse_points_outside(self, region: Box) -> None:
        for point in self.points:
            if len(point) != len(region.begin) or not _inside(point, region):
                fix = f"Give points ((z,) y, x) from {region.begin} to {region.end}"
                raise UserInputError("points", point, "it lies outside of raw and labels", fix)


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset as a datasplit lists it."""

    dataset: Dataset
    validates: bool = False  # all of it; else it trains, but for what is held out


Entries = tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataset:
    """A dataset with its arrays opened, nothing read yet."""

    title: str
    raw: Array  # float32 after normalisation, (c,) (z,) y, x
    labels: Array  # integer, 0 is background (the convention of `unlabelled` is already undone)
    known: Array | None  # bool on the labels' grid: False where the label is unknown
    region: Box  # what both raw and labels cover, less what is cropped away
    excluded: Box | None  # held out: labels in here are unknown to training
    weight: int
    points: tuple[World, ...]
    annotated: tuple[str, ...] = ()  # the classes that were labelled; empty: all
    unlabelled: Unlabelled = "nothing"  # as the ids were painted
    plain_raw: Array | None = None  # raw before its normalisation
    normalization: Normalization | None = None  # that makes raw of it; None: raw is as it is stored


OpenDatasets = tuple[OpenDataset, ...]


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Errors inside name the part that their field belongs to."""
    try:
        yield
    except UserInputError as error:
        error.field = f"{part}.{error.field}"
        raise


def _inside(point: World, box: Box) -> bool:
    return all(b <= p < e for p, b, e in zip(point, box.begin, box.end, strict=True))
