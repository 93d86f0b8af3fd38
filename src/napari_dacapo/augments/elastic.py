"""Elastic deformation."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import Axis, GeometricAugment, axis_names
from napari_dacapo.augments.warp import Displacement, Warp


class Elastic(GeometricAugment):
    """Bend smoothly: control points are moved at random, everything between them follows.

    Lengths count in the smallest voxel size of the data, so that all axes bend alike.
    """

    control_point_spacing: Annotated[float, Field(ge=2.0, le=10_000.0)] = 32.0
    "From one control point to the next, in voxels of the finest axis."

    control_point_displacement_sigma: Annotated[float, Field(ge=0.0, le=1000.0)] = 2.0
    "How far control points are moved along each axis: standard deviation, in voxels of the finest axis."

    axes: tuple[Axis, ...] = ("z", "y", "x")
    "The axes along which points are moved: y and x keep the sections of a stack flat."

    subsample: Annotated[int, Field(ge=1, le=64)] = 8
    "Voxels of the finest axis from one point of the smooth field to the next; between those it is linear."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Warp:
        finest = min(voxel_size)
        spacing = tuple(max(v, finest * self.subsample) for v in voxel_size)
        size = [(n - 1) * v for n, v in zip(shape, voxel_size, strict=True)]
        counts = [int(np.ceil(length / s)) + 1 for length, s in zip(size, spacing, strict=True)]
        # control points   o       o       o       o     at least one beyond each end, wherever they fall
        # patch              |---|---|---|---|           the points of the displacement
        apart = self.control_point_spacing * finest
        lines = [
            np.arange(n) * (s / apart) + (1 + rng.random()) for n, s in zip(counts, spacing, strict=True)
        ]
        controls = tuple(int(line[-1]) + 3 for line in lines)
        moves = rng.normal(0.0, self.control_point_displacement_sigma * finest, (len(shape), *controls))
        field = np.zeros((len(shape), *counts), np.float32)
        for axis, name in enumerate(axis_names(len(shape))):
            if name in self.axes:
                field[axis] = _cubic(moves[axis], lines)
        return Warp(np.eye(len(shape)), Displacement(field, spacing))


def _cubic(values: NDArray[np.float64], lines: Sequence[NDArray[np.floating[Any]]]) -> NDArray[np.float64]:
    """Values given at whole numbers, at every place of a grid: smooth, and through the values given."""
    from scipy.interpolate import make_interp_spline

    for line in lines:  # along the first axis, which then becomes the last
        spline = make_interp_spline(np.arange(len(values)), values, k=3)
        values = np.moveaxis(spline(line), 0, -1)
    return values
