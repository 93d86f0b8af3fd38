"""A spatial change of a patch, and composing several into one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """How far each place is moved, on a coarse grid about the patch's centre, in world units.

    Point i of the n along an axis lies at (i - (n - 1) / 2) * spacing. Linear between the points,
    constant beyond the outermost.
    """

    field: NDArray[np.float32]  # (dims, (z,) y, x)
    spacing: World

    @property
    def shape(self) -> tuple[int, ...]:
        return self.field.shape[1:]

    def on(self, shape: tuple[int, ...], spacing: World) -> NDArray[np.float32]:
        """The field (dims, (z,) y, x) on another grid about the same centre."""
        if shape == self.shape and spacing == self.spacing:
            return self.field
        from scipy.ndimage import map_coordinates

        sides = zip(shape, spacing, self.shape, self.spacing, strict=True)
        points = [(np.arange(n) - (n - 1) / 2) * s / own_s + (own_n - 1) / 2 for n, s, own_n, own_s in sides]
        places = np.meshgrid(*points, indexing="ij")
        return np.stack([map_coordinates(each, places, order=1, mode="nearest") for each in self.field])


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Where a patch takes its voxels from: its place p is filled from matrix @ (p + displacement(p)).

    Places are world units from the patch's centre, (z,) y, x.
    """

    matrix: NDArray[np.float64]  # (dims, dims)
    displacement: Displacement | None = None


def compose(warps: Sequence[Warp], dims: int) -> Warp:
    """All of them as one: the product of the matrices, the sum of the displacements."""
    matrix = np.eye(dims)
    for warp in warps:
        matrix = matrix @ warp.matrix
    displacements = [warp.displacement for warp in warps if warp.displacement is not None]
    return Warp(matrix, _sum(displacements) if displacements else None)


def _sum(displacements: Sequence[Displacement]) -> Displacement:
    """On a grid as fine as the finest, as large as the largest."""
    spacing = tuple(min(each) for each in zip(*(d.spacing for d in displacements), strict=True))
    sizes = np.max([np.multiply(np.subtract(d.shape, 1), d.spacing) for d in displacements], axis=0)
    shape = tuple(int(np.ceil(size / s - 1e-6)) + 1 for size, s in zip(sizes, spacing, strict=True))
    fields = [each.on(shape, spacing) for each in displacements]
    return Displacement(np.sum(fields, axis=0, dtype=np.float32), spacing)
