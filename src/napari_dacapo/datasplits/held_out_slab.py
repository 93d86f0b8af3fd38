"""One volume with a slab at one side held out."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from napari_dacapo.arrays.box import Box
from napari_dacapo.datasplits.dataset import Dataset, Entries, Entry, OpenDataset, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.holding_out import held_out_box, within, without
from napari_dacapo.errors import UserInputError


class HeldOutSlab(DataSplit):
    """One dataset: a slab at one side of it validates, the rest trains."""

    dataset: Dataset
    "The dataset."

    axis: Literal["z", "y", "x"] = "z"
    "The axis that the slab is cut off along."

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    "The share of the labelled extent along that axis that validates."

    side: Literal["start", "end"] = "end"
    "At which end of the axis the slab lies."

    def training(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (without(opened, self._slab(opened)),)

    def validation(self, root: Path = Path()) -> OpenDatasets:
        opened = self.dataset.open(root, self.normalization)
        return (within(opened, self._slab(opened)),)

    @property
    def entries(self) -> Entries:
        return (Entry(self.dataset),)

    def renumbered(self, ids: tuple[int, ...]) -> Self:
        return self.replace(dataset=self.dataset.renumbered(ids))

    def _slab(self, opened: OpenDataset) -> Box:
        axes = "zyx"[-opened.raw.dims :]
        if self.axis not in axes:
            problem = f"{opened.title} has the axes {', '.join(axes)}"
            raise UserInputError("axis", self.axis, problem, f"Choose one of {', '.join(axes)}")
        along = axes.index(self.axis)
        begin, end = list(opened.region.begin), list(opened.region.end)
        thickness = self.fraction * opened.region.size[along]
        if self.side == "start":
            end[along] = begin[along] + thickness
        else:
            begin[along] = end[along] - thickness
        try:
            return held_out_box(opened, tuple(begin), tuple(end))
        except UserInputError as error:
            error.field, error.value = "fraction", self.fraction
            raise
