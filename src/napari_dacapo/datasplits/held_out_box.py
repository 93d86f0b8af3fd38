"""One volume with a box held out."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.crop import refuse_empty_box
from napari_dacapo.arrays.step import Step
from napari_dacapo.datasplits.dataset import Dataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.holding_out import held_out_box, within, without


class HeldOutBox(DataSplit):
    """One dataset: a box of it validates, the rest trains."""

    dataset: Dataset
    "The dataset."

    begin: World
    "Where the box begins, one number per axis ((z,) y, x), in world units (nm or voxels)."

    end: World
    "Where the box ends, one number per axis ((z,) y, x), in world units (nm or voxels)."

    @model_validator(mode="after")
    def _not_empty(self) -> "HeldOutBox":
        refuse_empty_box(self.begin, self.end)
        return self

    def training(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (without(opened, held_out_box(opened, self.begin, self.end)),)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (within(opened, held_out_box(opened, self.begin, self.end)),)

    def with_label_steps(self, steps: tuple[Step, ...]) -> Self:
        return self.replace(dataset=self.dataset.with_label_steps(steps))
