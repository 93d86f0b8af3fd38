"""A folder or container with groups of datasets that train and validate."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field

from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.ids import Unlabelled
from napari_dacapo.datasplits.pictures import IMAGES
from napari_dacapo.datasplits.tree import Tree, tree_of
from napari_dacapo.errors import UserInputError

METADATA = ("zarr.json", "attributes.json")  # of a folder that is an array itself

Name = Annotated[str, Field(min_length=1)]


class FolderDatasets(DataSplit):
    """A folder, Zarr, N5 or HDF5 with a group that trains and a group that validates.

    data.zarr/train/raw, labels, mask          one dataset a group, or
    data.zarr/train/crop1/raw, labels, mask    several, or
    data/train/raw/1.png .. labels/1.png ..    images that belong together by name
    """

    path: Name
    "The folder or container; relative paths start at the workspace."

    training_group: Name = "train"
    "The group that trains."

    validation_group: Name | None = "test"
    "The group that validates; nothing: no validation."

    raw: Name = "raw"
    "What raw data are called in a group."

    labels: Name = "labels"
    "What labels are called in a group."

    mask: Name = "mask"
    "What masks are called in a group; there need be none."

    images: Literal["separate", "slices"] = "separate"
    "What a folder of image files holds: `separate` images, or the numbered `slices` of one volume."

    voxel_size: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    "Size of a voxel along (z,) y, x, in `unit`, of all arrays. Empty: as the files say, else 1."

    unit: Literal["nm", "um", "mm", "angstrom", "voxel"] | None = None
    "Unit of the voxel size. Empty: as the files say, else voxels."

    unlabelled: Unlabelled = "nothing"
    "`nothing`: every voxel is labelled, 0 is background. `zero`: 0 is unknown, 1 background, 2.. objects."

    def training(self, root: Path = Path()) -> OpenDatasets:
        return self._opened(root, "training_group", self.training_group)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        if self.validation_group is None:
            return ()
        return self._opened(root, "validation_group", self.validation_group)

    def datasets(self, root: Path, group: str) -> tuple[Dataset, ...]:
        """The datasets found in a group, in the order of their names; no two have the same title."""
        tree = tree_of(root, self.path)
        places = [group, *(f"{group}/{name}" for name in tree.names(group))]
        found = [(place, dataset) for place in places for dataset in self._datasets_at(tree, place)]
        return tuple(_told_apart(found))

    def _opened(self, root: Path, field: str, group: str) -> OpenDatasets:
        found = self.datasets(root, group)
        if not found:
            there = ", ".join(tree_of(root, self.path).names("")[:6])
            problem = f"{self.path} has no {self.raw} beside {self.labels} in it"
            raise UserInputError(field, group, problem, f"Give another group or names; it holds: {there}")
        return tuple(dataset.open(root, self.normalization) for dataset in found)

    def _datasets_at(self, tree: Tree, place: str) -> list[Dataset]:
        found = _Trio(*(tree.find(place, wanted) for wanted in (self.raw, self.labels, self.mask)))
        if found.raw is None or found.labels is None:
            return []
        if self.images == "separate" and _holds_images(tree, found.raw):
            return [self._dataset(tree, title, each) for title, each in _by_name(tree, found)]
        return [self._dataset(tree, PurePosixPath(place).name, found)]

    def _dataset(self, tree: Tree, title: str, found: "_Trio") -> Dataset:
        fields: dict[str, Any] = {"voxel_size": self.voxel_size, "unit": self.unit}
        sources: dict[str, File] = {
            name: tree.file(place, **fields) for name, place in found.places().items() if place is not None
        }
        return Dataset(title=title, unlabelled=self.unlabelled, **sources)


@dataclass(frozen=True, slots=True)
class _Trio:
    """Where raw, labels and mask of one dataset lie; None: there is none."""

    raw: str | None
    labels: str | None
    mask: str | None

    def places(self) -> dict[str, str | None]:
        return {"raw": self.raw, "labels": self.labels, "mask": self.mask}


def _told_apart(found: Sequence[tuple[str, Dataset]]) -> Iterator[Dataset]:
    """1.png of mice and 1.png of rats are called "mice 1" and "rats 1": results are kept by title."""
    titles = Counter(dataset.title for _, dataset in found)
    for place, dataset in found:
        own = titles[dataset.title] == 1
        yield dataset if own else dataset.replace(title=f"{PurePosixPath(place).name} {dataset.title}")


def _holds_images(tree: Tree, place: str) -> bool:
    names = tree.names(place)
    return not set(names) & set(METADATA) and any(name.lower().endswith(IMAGES) for name in names)


def _by_name(tree: Tree, folders: "_Trio") -> list[tuple[str, "_Trio"]]:
    """Each labelled image by its name without suffix; raw without labels is left out.

    Raises UserInputError for labels without raw, and for images without a mask where others have one.
    """
    raw, labels, mask = (_images(tree, folder) for folder in folders.places().values())
    _refuse_missing("labels", labels, "raw", raw)
    if mask:
        _refuse_missing("labels", labels, "mask", mask)
    return [(stem, _Trio(raw=raw[stem], labels=labels[stem], mask=mask.get(stem))) for stem in labels]


def _images(tree: Tree, folder: str | None) -> dict[str, str]:
    if folder is None:
        return {}
    names = (name for name in tree.names(folder) if name.lower().endswith(IMAGES))
    return {PurePosixPath(name).stem: f"{folder}/{name}" for name in names}


def _refuse_missing(field: str, wanted: dict[str, str], other: str, found: dict[str, str]) -> None:
    missing = [place for stem, place in wanted.items() if stem not in found]
    if missing:
        problem = f"{len(missing)} of {len(wanted)} have no {other} of the same name"
        raise UserInputError(
            field, missing[0], problem, f"Name each {other} as its {field}, or take those away"
        )
