"""One volume with a box held out."""

from pydantic import ValidationInfo, field_validator

from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.crop import Corner, beyond
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.datasplits.holding_out import HoldingOut, held_out_box


class HeldOutBox(HoldingOut):
    """A box of a dataset validates; the rest of it trains, and others."""

    begin: Corner
    "Where the box begins, one number per axis ((z,) y, x), in world units (nm or voxels)."

    end: Corner
    "Where the box ends, one number per axis ((z,) y, x), in world units (nm or voxels)."

    @field_validator("end")
    @classmethod
    def _beyond_begin(cls, end: World, info: ValidationInfo) -> World:
        return beyond(info.data.get("begin"), end)

    def held_out(self, opened: OpenDataset) -> Box:
        return held_out_box(opened, self.begin, self.end)
