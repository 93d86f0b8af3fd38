"""One volume with a box held out."""

from pathlib import Path
from typing import Self

from pydantic import ValidationInfo, field_validator

from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.crop import Corner, beyond
from napari_dacapo.datasplits.dataset import Dataset, Entries, Entry, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.holding_out import held_out_box, within, without


class HeldOutBox(DataSplit):
    """One dataset: a box of it validates, the rest trains."""

    dataset: Dataset
    "The dataset."

    begin: Corner
    "Where the box begins, one number per axis ((z,) y, x), in world units (nm or voxels)."

    end: Corner
    "Where the box ends, one number per axis ((z,) y, x), in world units (nm or voxels)."

    @field_validator("end")
    @classmethod
    def _beyond_begin(cls, end: World, info: ValidationInfo) -> World:
        return beyond(info.data.get("begin"), end)

    def training(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (without(opened, held_out_box(opened, self.begin, self.end)),)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (within(opened, held_out_box(opened, self.begin, self.end)),)

    @property
    def entries(self) -> Entries:
        return (Entry(self.dataset),)

    def renumbered(self, ids: tuple[int, ...]) -> Self:
        return self.replace(dataset=self.dataset.renumbered(ids))
