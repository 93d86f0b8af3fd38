"""Datasets in a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.coarsest_level import at_voxel_size
from napari_dacapo.arrays.concat_channels import ConcatChannels
from napari_dacapo.arrays.constant import Constant
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.logical_or import LogicalOr
from napari_dacapo.arrays.merge_labels import MergeLabels
from napari_dacapo.arrays.resample import Method
from napari_dacapo.arrays.source import Source
from napari_dacapo.datasplits.csv_rows import Place, Row, rows_of
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.ids import Unlabelled
from napari_dacapo.errors import UserInputError

VoxelSize = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2, max_length=3)]


class CsvDatasets(DataSplit):
    """Datasets in a CSV table: train or val, raw file, raw array, labels file, labels array, and a mask.

    Several classes are written labels/[mito&er], for the arrays labels/mito and labels/er. Of images in
    several resolutions the one that fits is read, and resampled where none fits quite.
    """

    path: Annotated[str, Field(min_length=1)]
    "The table; relative paths, also those in it, start at the workspace."

    raw_voxel_size: VoxelSize | None = None
    "Size of a voxel of raw that the network is to see, along (z,) y, x. Empty: as the finest is stored."

    labels_voxel_size: VoxelSize | None = None
    "Size of a voxel of labels and masks. Empty: as the finest is stored."

    most_finer: Annotated[float, Field(ge=1, le=64)] = 4.0
    "Data that would have to be made finer by more than this many times are refused."

    labels: Literal["objects", "channels", "ids"] = "objects"
    "`objects` as stored. Of classes, any id but 0 is inside: a `channel` of each, or its place in `classes`."

    classes: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    "The classes that are learned, in order; those that a row lacks count as unknown there. Empty: all."

    most_validation_voxels: Annotated[int, Field(ge=1)] | None = None
    "Of larger labels that validate, so many along each axis are taken out of the middle. Empty: all."

    unlabelled: Unlabelled = "nothing"
    "`nothing`: every voxel is labelled, 0 is background. `zero`: 0 is unknown, 1 background, 2.. objects."

    def training(self, root: Path = Path()) -> OpenDatasets:
        return tuple(self._opened(row, root) for row in self._rows(root) if not row.validates)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        return tuple(self._opened(row, root) for row in self._rows(root) if row.validates)

    def _rows(self, root: Path) -> tuple[Row, ...]:
        rows = rows_of(root / self.path)
        if not any(not row.validates for row in rows):
            raise UserInputError("path", self.path, "no row of it trains", "Begin a row with train")
        return rows

    def _opened(self, row: Row, root: Path) -> OpenDataset:
        """Raises UserInputError naming the line of the table."""
        try:
            return self._dataset(row, root).open(root, self.normalization)
        except UserInputError as error:
            error.problem = f"line {row.number} of {self.path}: {error.problem}"
            raise

    def _dataset(self, row: Row, root: Path) -> Dataset:
        wanted = self._learned(row, root)
        has_all = set(wanted) <= set(row.classes)
        mask = None if row.mask is None else self._file(row.mask, self.labels_voxel_size, "nearest", root)
        return Dataset(
            title=f"{row.number} {Path(row.labels[0][0]).stem}",
            raw=self._file(row.raw, self.raw_voxel_size, "linear", root),
            labels=self._cropped(self._labels(row, wanted, root), row, root),
            mask=mask,
            unlabelled=self.unlabelled,
            annotated=() if has_all else tuple(name for name in wanted if name in row.classes),
        )

    def _learned(self, row: Row, root: Path) -> tuple[str, ...]:
        """Those of all rows in the order they come, unless they are chosen; of objects those of the row."""
        if self.labels == "objects":
            return row.classes
        named = (name for each in self._rows(root) for name in each.classes)
        wanted = self.classes or tuple(dict.fromkeys(named))
        if not set(wanted) & set(row.classes):
            problem = f"there are only {', '.join(row.classes)}"
            raise UserInputError("classes", wanted, problem, "Choose one of them, or take the row away")
        return wanted

    def _labels(self, row: Row, wanted: tuple[str, ...], root: Path) -> Source:
        files = {
            name: self._file(place, self.labels_voxel_size, "majority", root)
            for name, place in zip(row.classes, row.labels, strict=True)
        }
        if self.labels == "objects":
            sources: tuple[Source, ...] = tuple(files.values())
        else:
            absent = Constant(value=0)
            some = next(iter(files.values()))
            blank = some.replace(steps=(*some.steps, absent))
            sources = tuple(_inside(files[name]) if name in files else blank for name in wanted)
        if self.labels == "channels":
            return ConcatChannels(sources=sources)
        return sources[0] if len(sources) == 1 else MergeLabels(sources=sources)

    def _file(self, place: Place, voxel_size: World | None, method: Method, root: Path) -> File:
        file = File(path=place[0], array=place[1])
        return file if voxel_size is None else at_voxel_size(file, voxel_size, method, self.most_finer, root)

    def _cropped(self, labels: Source, row: Row, root: Path) -> Source:
        most = self.most_validation_voxels
        if most is None or not row.validates:
            return labels
        array = labels.open(root)
        begin = tuple(max(0, n - most) // 2 for n in array.spatial_shape)
        sides = zip(array.offset, begin, array.spatial_shape, array.voxel_size, strict=True)
        corners = [(o + b * v, o + min(n, b + most) * v) for o, b, n, v in sides]
        box = Crop(begin=tuple(low for low, _ in corners), end=tuple(high for _, high in corners))
        return labels.replace(steps=(*labels.steps, box))


def _inside(file: File) -> File:
    """1 where any object is."""
    anything = Binarize(groups=(Group(title="inside"),))
    return file.replace(steps=(*file.steps, anything, LogicalOr()))
