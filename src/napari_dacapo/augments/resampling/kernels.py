"""The compiled loops: where each voxel of a patch is found, and what is taken from there.

They release Python's lock, and compile once per machine. All arrays have three spatial axes; what is read
from has fewer than 2^31 voxels. They go row by row along x, in small loops that processors run on several
voxels at once: for that, every sum of 32-bit integers is said to be one, since numba would take 64 bits, and
indices are unsigned, which spares a look at whether one counts from the end.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SAFE_MATH = {"contract", "reassoc", "arcp", "nsz"}  # leaves NaN and infinity what they are
# of a Lookup: matrix (3, 3), start (3,), field (3, z, y, x), first (3,), step (3,)
Geometry = tuple[Floats, Floats, Floats, Floats, Floats]
TIE = 0.5 + 1e-6  # between two voxels the upper is nearest, whatever rounding does
NEXT = np.uint32(1)


@numba.njit(nogil=True, cache=True)
def _columns(width: int, geometry: Geometry) -> tuple[NDArray[np.uint32], Floats]:
    """For each x of a patch: the field's point before it, and how far it is on the way to the next."""
    _, _, field, first, step = geometry
    before, way = np.empty(width, np.uint32), np.empty(width)
    for x in range(width):
        place = min(max(first[2] + x * step[2], 0.0), field.shape[3] - 1.0)
        before[x] = int(place)
        way[x] = place - int(place)
    return before, way


@numba.njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _find_row(
    places: Floats,  # (3, x), filled
    points: Floats,  # (3, points along x and one), scratch
    columns: tuple[NDArray[np.uint32], Floats],
    z: int,
    y: int,
    geometry: Geometry,
) -> None:
    matrix, start, field, first, step = geometry
    _, gz, gy, gx = field.shape
    before, way = columns
    fz = min(max(first[0] + z * step[0], 0.0), gz - 1.0)
    fy = min(max(first[1] + y * step[1], 0.0), gy - 1.0)
    z0, y0 = int(fz), int(fy)
    z1, y1 = min(z0 + 1, gz - 1), min(y0 + 1, gy - 1)
    wz, wy = fz - z0, fy - y0
    for k in range(3):
        base = matrix[k, 0] * z + matrix[k, 1] * y + start[k]
        for i in range(gx):
            near = field[k, z0, y0, i] * (1 - wy) + field[k, z0, y1, i] * wy
            far = field[k, z1, y0, i] * (1 - wy) + field[k, z1, y1, i] * wy
            points[k, i] = near * (1 - wz) + far * wz + base
        points[k, gx] = points[k, gx - 1]
        for x in range(places.shape[1]):
            i = before[x]
            places[k, x] = points[k, i] + (points[k, i + NEXT] - points[k, i]) * way[x] + matrix[k, 2] * x


@numba.njit(nogil=True, cache=True)
def _mirror_row(
    places: Floats,  # (3, x), changed
    begin: NDArray[np.intp],
    size: NDArray[np.intp],
    shape: tuple[int, int, int],
) -> None:
    """Fold places beyond an array of that size back into it, about its first and last voxel.

    Places are counted from the voxel `begin` of the array; of that on, `shape` is read from.
    """
    for k in range(3):
        low, high, period = float(-begin[k]), float(size[k] - 1 - begin[k]), max(2.0 * (size[k] - 1), 1.0)
        for x in range(places.shape[1]):
            place = places[k, x]
            if not low <= place <= high:
                folded = abs(place - low) % period
                place = min(folded, period - folded) + low
            places[k, x] = min(max(place, 0.0), shape[k] - 1.0)


@numba.njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _find_neighbours(
    indices: NDArray[np.int32],  # (x,), filled: in the flat voxels, of the lowest of the eight
    ways: NDArray[np.float32],  # (3, x), filled: how far each place is on the way to the next voxel
    places: Floats,  # (3, x)
    steps: NDArray[np.int32],  # (3,), in the flat voxels, from one to the next along each axis
    lasts: NDArray[np.int32],  # (3,), the last voxel along each axis that has a next
) -> np.bool_:
    """Whether all places lie between two voxels; if not, what is filled in is of no use."""
    indices[:] = 0
    signs = np.int32(0)
    for k in range(3):
        step, last = steps[k], lasts[k]
        for x in range(indices.size):
            voxel = np.int32(np.int32(places[k, x] + 1) - 1)  # converting rounds towards 0, this downwards
            signs = np.int32(signs | voxel | np.int32(last - voxel))
            voxel = np.int32(min(voxel, last))
            ways[k, x] = places[k, x] - voxel
            indices[x] = np.int32(indices[x] + np.int32(voxel * step))
    return signs >= 0


@numba.njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def linear(
    source: NDArray[np.float32],  # (c, z, y, x), from the voxel `begin` of the array on
    result: NDArray[np.float32],  # (c, z, y, x), filled
    begin: NDArray[np.intp],
    size: NDArray[np.intp],
    geometry: Geometry,
) -> None:
    """Between eight neighbours; beyond the array of that size its mirror image."""
    channels, nz, ny, nx = source.shape
    flat = source.reshape(channels, -1)
    # what is one voxel thick has no next voxel: the same counts twice
    steps = np.array([ny * nx if nz > 1 else 0, nx if ny > 1 else 0, 1 if nx > 1 else 0], np.int32)
    lasts = np.array([max(nz - 2, 0), max(ny - 2, 0), max(nx - 2, 0)], np.int32)
    sz, sy, sx = np.uint32(steps[0]), np.uint32(steps[1]), np.uint32(steps[2])
    width = result.shape[3]
    places, points = np.empty((3, width)), np.empty((3, geometry[2].shape[3] + 1))
    indices, ways = np.empty(width, np.int32), np.empty((3, width), np.float32)
    columns = _columns(width, geometry)
    for z in range(result.shape[1]):
        for y in range(result.shape[2]):
            _find_row(places, points, columns, z, y, geometry)
            if not _find_neighbours(indices, ways, places, steps, lasts):
                _mirror_row(places, begin, size, (nz, ny, nx))
                _find_neighbours(indices, ways, places, steps, lasts)
            for channel in range(channels):
                for x in range(width):
                    wz, wy, wx = ways[0, x], ways[1, x], ways[2, x]
                    i, j = np.uint32(indices[x]), np.uint32(indices[x]) + sz
                    a0, a1 = flat[channel, i], flat[channel, i + sx]
                    b0, b1 = flat[channel, i + sy], flat[channel, i + sy + sx]
                    c0, c1 = flat[channel, j], flat[channel, j + sx]
                    d0, d1 = flat[channel, j + sy], flat[channel, j + sy + sx]
                    a, b = a0 + (a1 - a0) * wx, b0 + (b1 - b0) * wx
                    c, d = c0 + (c1 - c0) * wx, d0 + (d1 - d0) * wx
                    near, far = a + (b - a) * wy, c + (d - c) * wy
                    result[channel, z, y, x] = near + (far - near) * wz


@numba.njit(nogil=True, cache=True)
def _find_nearest(
    indices: NDArray[np.int32],  # (x,), filled: in the flat voxels
    signs: NDArray[np.int32],  # (x,), filled: below 0 where there is no voxel
    places: Floats,  # (3, x)
    shape: tuple[int, int, int],
) -> None:
    indices[:] = 0
    signs[:] = 0
    for k in range(3):
        size, last = np.int32(shape[k]), np.int32(shape[k] - 1)
        for x in range(indices.size):
            voxel = np.int32(np.int32(places[k, x] + (TIE + 1)) - 1)  # as above, downwards
            signs[x] = np.int32(signs[x] | voxel | np.int32(last - voxel))
            indices[x] = np.int32(np.int32(indices[x] * size) + voxel)


@numba.njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def nearest(
    source: NDArray[Any],  # (c, z, y, x) unsigned
    mask: NDArray[np.bool_],  # (z, y, x), of the same voxels; or a single one that holds for all
    result: NDArray[Any],  # (c, z, y, x), filled
    result_mask: NDArray[np.bool_],  # (z, y, x), filled
    geometry: Geometry,
) -> None:
    """The voxel each place lies in; 0 and False outside of the source."""
    channels, nz, ny, nx = source.shape
    flat, kept, each = source.reshape(channels, -1), mask.reshape(-1), np.uint32(mask.size > 1)
    width = result.shape[3]
    places, points = np.empty((3, width)), np.empty((3, geometry[2].shape[3] + 1))
    indices, signs = np.empty(width, np.int32), np.empty(width, np.int32)
    columns = _columns(width, geometry)
    for z in range(result.shape[1]):
        for y in range(result.shape[2]):
            _find_row(places, points, columns, z, y, geometry)
            _find_nearest(indices, signs, places, (nz, ny, nx))
            for channel in range(channels):
                for x in range(width):
                    if signs[x] >= 0:
                        result[channel, z, y, x] = flat[channel, np.uint32(indices[x])]
                    else:
                        result[channel, z, y, x] = 0
            for x in range(width):
                result_mask[z, y, x] = signs[x] >= 0 and kept[np.uint32(indices[x]) * each]
