"""What OME-Zarr 0.4 and 0.5 say about an image."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from napari_dacapo.arrays.array import SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.memory import AXES
from napari_dacapo.errors import UserInputError

OmeVersion = Literal["0.4", "0.5"]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """An image of one or more levels; each is half as long as the one before, along some axes."""

    axes: str
    voxel_size: World
    offset: World
    unit: SpatialUnit
    ome_version: OmeVersion
    channel_names: tuple[str, ...] = ()

    @property
    def zarr_format(self) -> Literal[2, 3]:
        return 2 if self.ome_version == "0.4" else 3

    def refuse_wrong(self, shape: Shape) -> None:
        """Raises UserInputError where something does not fit the shape of the finest level."""
        if self.axes not in AXES or len(self.axes) != len(shape):
            problem = f"the image has shape {shape}"
            raise UserInputError("axes", self.axes, problem, f"Choose one of {', '.join(AXES)}")
        dims = len(self.axes.removeprefix("c"))
        for field, value in (("voxel_size", self.voxel_size), ("offset", self.offset)):
            if len(value) != dims or not all(map(isfinite, value)):
                problem = f"the axes in space are {self.axes[-dims:]}"
                raise UserInputError(field, value, problem, f"Give {dims} finite numbers")
        if min(self.voxel_size) <= 0:
            raise UserInputError("voxel_size", self.voxel_size, "a voxel has a size", "Give numbers above 0")
        if self.channel_names and (self.axes[0] != "c" or len(self.channel_names) != shape[0]):
            problem = f"the image has axes {self.axes}, shape {shape}"
            raise UserInputError("channel_names", self.channel_names, problem, "Give one name per channel")

    def attributes(self, shapes: Sequence[Shape], dtype: DTypeLike) -> dict[str, Any]:
        """Of the group that has the levels "0", "1", ... of these shapes."""
        image = {
            "name": "image",
            "axes": [self._axis(axis) for axis in self.axes],
            "datasets": [
                {"path": str(level), "coordinateTransformations": self._transforms(factors)}
                for level, factors in enumerate(_factors(shapes))
            ],
        }
        omero = {"omero": self._omero(np.dtype(dtype))} if self.channel_names else {}
        if self.ome_version == "0.4":
            return {"multiscales": [{"version": "0.4", **image}], **omero}
        return {"ome": {"version": "0.5", "multiscales": [image], **omero}}

    def _axis(self, axis: str) -> dict[str, str]:
        if axis == "c":
            return {"name": "c", "type": "channel"}
        unit = {"unit": "nanometer"} if self.unit == "nm" else {}
        return {"name": axis, "type": "space", **unit}

    def _transforms(self, factors: tuple[int, ...]) -> list[dict[str, Any]]:
        """Of a level whose voxels are `factors` times larger.

        Level 0 begins at its translation, as most programs have it. OME-Zarr places the centres of voxels:
        of voxels 1 and 2 large that begin at 0, the centres are 0.5 apart, and so are the translations.
        """
        channels = len(self.axes) - len(self.voxel_size)
        sides = tuple(zip(self.voxel_size, self.offset, factors[channels:], strict=True))
        return [
            {"type": "scale", "scale": [1.0] * channels + [v * f for v, _, f in sides]},
            {
                "type": "translation",
                "translation": [0.0] * channels + [o + v * (f - 1) / 2 for v, o, f in sides],
            },
        ]

    def _omero(self, dtype: np.dtype[np.generic]) -> dict[str, Any]:
        """Channel names, and the range of values that a viewer begins with."""
        largest = float(2 ** (8 * dtype.itemsize) - 1) if dtype.kind == "u" else 1.0
        window = {"min": 0.0, "max": largest, "start": 0.0, "end": largest}
        return {
            "channels": [
                {"label": name, "color": "FFFFFF", "active": True, "window": window}
                for name in self.channel_names
            ]
        }


def _factors(shapes: Sequence[Shape]) -> list[tuple[int, ...]]:
    """How many times larger the voxels of each level are, along all axes."""
    factors = [(1,) * len(shapes[0])]
    for finer, coarser in itertools.pairwise(shapes):
        steps = (f * (2 if n < m else 1) for f, n, m in zip(factors[-1], coarser, finer, strict=True))
        factors.append(tuple(steps))
    return factors
