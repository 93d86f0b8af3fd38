"""An image and what is to be found in it."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import World

Layer = tuple[NDArray[Any], dict[str, Any], str]  # data, properties, kind: what napari makes a layer of


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """A generated image with its truth, on one grid that begins at 0."""

    raw: NDArray[Any]  # ((z,) y, x) uint8 or uint16
    labels: NDArray[Any]  # ((z,) y, x) uint16 object ids 1..n; 0 is background
    voxel_size: World
    unit: SpatialUnit = "nm"

    @property
    def axes(self) -> str:
        return "zyx"[-self.raw.ndim :]

    def layers(self, name: str) -> list[Layer]:
        """An image layer of that name and a labels layer, both with scale, units and axes.

        napari places the centre of the first voxel at `translate`.
        """
        world = {
            "scale": self.voxel_size,
            "translate": tuple(size / 2 for size in self.voxel_size),
            "units": (self.unit,) * len(self.axes),
            "axis_labels": tuple(self.axes),
        }
        return [
            (self.raw, {"name": name, **world}, "image"),
            (self.labels, {"name": f"{name} labels", "opacity": 0.4, **world}, "labels"),
        ]
