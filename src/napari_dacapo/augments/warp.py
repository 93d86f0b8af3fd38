"""A spatial change of a patch, and composing several into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

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

    @property
    def points(self) -> NDArray[np.float64]:
        """Where the points lie, (dims, (z,) y, x)."""
        lines = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(self.shape, self.spacing, strict=True)]
        return np.stack(np.meshgrid(*lines, indexing="ij"))

    def at(self, places: NDArray[np.float64]) -> NDArray[np.float32]:
        """How far each of the places (dims, ...) is moved, (dims, ...)."""
        from scipy.ndimage import map_coordinates

        sides = zip(places, self.spacing, self.shape, strict=True)
        indices = [place / s + (n - 1) / 2 for place, s, n in sides]
        return np.stack([map_coordinates(each, indices, order=1, mode="nearest") for each in self.field])


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Where a patch takes its voxels from: its place p is filled from matrix @ (p + displacement(p)).

    Places are world units from the patch's centre, (z,) y, x.
    """

    matrix: NDArray[np.float64]  # (dims, dims)
    displacement: Displacement | None = None

    def then(self, later: Warp) -> Warp:
        """Both as one: `later` is done to what this one gives."""
        matrix = self.matrix @ later.matrix
        if self.displacement is None:
            return Warp(matrix, later.displacement)
        # p is filled from q = later.matrix @ (p + later(p)), and that from matrix @ (q + own(q))
        grid = _finest(self.displacement, later.displacement or self.displacement)
        points = grid.points
        moves = grid.field if later.displacement is None else later.displacement.at(points)
        own = self.displacement.at(np.tensordot(later.matrix, points + moves, 1))
        moves = moves + np.tensordot(np.linalg.inv(later.matrix), own, 1)
        return Warp(matrix, Displacement(moves.astype(np.float32), grid.spacing))


def compose(warps: Sequence[Warp], dims: int) -> Warp:
    """All of them as one, done in this order."""
    return reduce(Warp.then, warps, Warp(np.eye(dims)))


def _finest(one: Displacement, other: Displacement) -> Displacement:
    """No displacement, on a grid as fine as the finer, as large as the larger of both."""
    spacing = tuple(map(min, one.spacing, other.spacing))
    sizes = np.max([np.multiply(np.subtract(d.shape, 1), d.spacing) for d in (one, other)], axis=0)
    shape = tuple(int(np.ceil(size / s - 1e-6)) + 1 for size, s in zip(sizes, spacing, strict=True))
    return Displacement(np.zeros((len(shape), *shape), np.float32), spacing)
