"""One volume with a slab at one side held out."""

from typing import Annotated, Literal

from pydantic import Field

from napari_dacapo.arrays.box import Box
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.datasplits.holding_out import HoldingOut, held_out_box
from napari_dacapo.errors import UserInputError


class HeldOutSlab(HoldingOut):
    """A slab at one side of a dataset validates; the rest of it trains, and others."""

    axis: Literal["z", "y", "x"] = "z"
    "The axis that the slab is cut off along."

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    "The share of the labelled extent along that axis that validates."

    side: Literal["start", "end"] = "end"
    "At which end of the axis the slab lies."

    def held_out(self, opened: OpenDataset) -> Box:
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
