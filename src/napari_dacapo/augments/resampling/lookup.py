"""From the voxels of a patch to where they are found in an array."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.resampling.kernels import Geometry
from napari_dacapo.augments.warp import Displacement, Warp

NEARLY_WHOLE = 1e-4  # of a voxel; what rounding leaves
MARGIN = 1e-2  # of a voxel, for rounding of the displacement


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """The voxels of a patch, about the place that warps leave where it is."""

    shape: Voxels
    first: World  # from that place to the centre of the first voxel
    voxel_size: World


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Voxel v of the patch is found at matrix @ v + start + field(v) in the array; (z, y, x), 1 thick in 2D.

    The field is linear between points, of which voxel v lies at first + v * step.
    """

    shape: Voxels
    matrix: NDArray[np.float64]  # (3, 3)
    start: NDArray[np.float64]  # (3,)
    field: NDArray[np.float64]  # (3, z, y, x), in voxels of the array
    first: NDArray[np.float64]  # (3,)
    step: NDArray[np.float64]  # (3,)

    @classmethod
    def of(cls, warp: Warp, grid: PatchGrid, centre: World, array: Array) -> "Lookup":
        """For a patch whose `grid` lies about `centre` in the world."""
        dims = len(grid.shape)
        moves = warp.displacement or Displacement(np.zeros((dims,) + (1,) * dims, np.float32), (1.0,) * dims)
        voxel_size, middle = np.array(array.voxel_size), (np.array(moves.shape) - 1) / 2
        to_array = warp.matrix / voxel_size[:, None]
        begin = np.array(centre) - np.array(array.offset)
        flat = np.tensordot(to_array, moves.field.astype(np.float64), 1)
        field = np.zeros((3, *(1,) * (3 - dims), *moves.shape))
        field[3 - dims :] = flat.reshape(dims, *field.shape[1:])
        matrix = np.eye(3)
        matrix[3 - dims :, 3 - dims :] = to_array * np.array(grid.voxel_size)
        return cls(
            (1,) * (3 - dims) + tuple(grid.shape),
            matrix,
            _three(begin / voxel_size - 0.5 + to_array @ np.array(grid.first)),
            field,
            _three(np.array(grid.first) / moves.spacing + middle),
            _three(np.array(grid.voxel_size) / moves.spacing, 1.0),
        )

    def bounds(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First and one past the last voxel of the array that are looked at, (3,); they may lie outside."""
        lines = [self._breaks(axis) for axis in range(3)]
        moves = self.field
        for axis, line in enumerate(lines):
            moves = _between_points(moves, 1 + axis, self.first[axis] + line * self.step[axis])
        voxels = np.stack(np.meshgrid(*lines, indexing="ij"))
        places = (np.tensordot(self.matrix, voxels, 1) + moves).reshape(3, -1)
        low, high = places.min(1) + self.start - MARGIN, places.max(1) + self.start + MARGIN
        return np.floor(low).astype(np.intp), np.floor(high).astype(np.intp) + 2

    def _breaks(self, axis: int) -> NDArray[np.float64]:
        """Where along a patch's axis the places may turn round: at its ends and at the field's points."""
        last = self.shape[axis] - 1
        points = (np.arange(self.field.shape[1 + axis]) - self.first[axis]) / self.step[axis]
        return np.unique(np.concatenate([[0, last], np.clip(points, 0, last)]))

    def geometry(self, begin: NDArray[np.intp]) -> Geometry:
        """What the compiled loops take, places counted from that voxel of the array."""
        return self.matrix, self.start - begin, self.field, self.first, self.step

    def permutation(self) -> "Permutation | None":
        """The same as swapped and mirrored axes, where it is nothing but that."""
        whole, begin = np.rint(self.matrix), np.rint(self.start)
        if self.field.any() or np.abs(self.matrix - whole).max() * max(self.shape) > NEARLY_WHOLE:
            return None
        if np.abs(self.start - begin).max() > NEARLY_WHOLE or (np.abs(whole) @ np.ones(3) != 1).any():
            return None
        source = np.abs(whole).argmax(1)  # the patch's axis that lies along each axis of the array
        forward = whole.sum(1) > 0
        shape = np.array(self.shape)[source]
        first = np.where(forward, begin, begin - shape + 1).astype(int)
        return Permutation(tuple(first.tolist()), tuple(shape.tolist()), source, forward)


@dataclass(frozen=True, slots=True, eq=False)
class Permutation:
    """A box of an array, some axes of which are mirrored and then swapped."""

    begin: Voxels  # (z, y, x) in the array, may lie outside
    shape: Voxels
    source: NDArray[np.intp]  # (3,): array axis k becomes axis source[k]
    forward: NDArray[np.bool_]  # (3,): whether array axis k is left as it is, not mirrored

    def of(self, box: NDArray[Any]) -> NDArray[Any]:
        """(..., z, y, x) in the patch's order, contiguous, never a view."""
        mirrored = np.flip(box, tuple(np.flatnonzero(~self.forward) - 3))
        leading = box.ndim - 3
        order = (*range(leading), *(leading + np.argsort(self.source)))
        return np.array(mirrored.transpose(order), order="C")


def _three(values: NDArray[np.float64], along_z: float = 0.0) -> NDArray[np.float64]:
    """Three numbers; those of 2D get one along z."""
    return np.concatenate([np.full(3 - len(values), along_z), values])


def _between_points(
    field: NDArray[np.float64], axis: int, places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The field at places along one of its axes, counted in points; constant beyond the outermost."""
    last = field.shape[axis] - 1
    places = np.clip(places, 0, last)
    before = places.astype(np.intp)
    way = (places - before).reshape(-1, *(1,) * (field.ndim - 1 - axis))
    one, next_one = field.take(before, axis), field.take(np.minimum(before + 1, last), axis)
    between: NDArray[np.float64] = one + (next_one - one) * way
    return between
