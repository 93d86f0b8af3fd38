"""The compiled loops: where each voxel of a patch is found, and what is taken from there.

They release Python's lock, and compile once per machine. All arrays have three spatial axes.
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


@numba.njit(nogil=True, cache=True, fastmath=SAFE_MATH)
def _row_of_places(
    places: Floats,  # (3, x), filled
    points: Floats,  # (3, points along x), scratch
    z: int,
    y: int,
    geometry: Geometry,
) -> None:
    matrix, start, field, first, step = geometry
    _, gz, gy, gx = field.shape
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
    for x in range(places.shape[1]):
        fx = min(max(first[2] + x * step[2], 0.0), gx - 1.0)
        x0 = int(fx)
        x1 = min(x0 + 1, gx - 1)
        wx = fx - x0
        for k in range(3):
            places[k, x] = points[k, x0] * (1 - wx) + points[k, x1] * wx + matrix[k, 2] * x


@numba.njit(nogil=True, cache=True)
def _row_is_within(places: Floats, shape: tuple[int, int, int]) -> bool:
    """Whether all eight neighbours of every place lie in the array."""
    for k in range(3):
        low, high = places[k, 0], places[k, 0]
        for x in range(places.shape[1]):
            low, high = min(low, places[k, x]), max(high, places[k, x])
        if not (low >= 0 and high < shape[k] - 1):
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _mirrored(index: int, begin: int, size: int) -> int:
    """An index, counted from voxel `begin` of an array, mirrored about the array's first and last voxel."""
    period = max(2 * (size - 1), 1)
    folded = abs(index + begin) % period
    return min(folded, period - folded) - begin


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
    one = np.float32(1)
    places = np.empty((3, result.shape[3]))
    points = np.empty((3, geometry[2].shape[3]))
    for z in range(result.shape[1]):
        for y in range(result.shape[2]):
            _row_of_places(places, points, z, y, geometry)
            within = _row_is_within(places, (nz, ny, nx))
            for x in range(result.shape[3]):
                z0 = int(np.floor(places[0, x]))
                y0 = int(np.floor(places[1, x]))
                x0 = int(np.floor(places[2, x]))
                wz = np.float32(places[0, x] - z0)
                wy = np.float32(places[1, x] - y0)
                wx = np.float32(places[2, x] - x0)
                z1, y1, x1 = z0 + 1, y0 + 1, x0 + 1
                if not within:
                    z0, z1 = _mirrored(z0, begin[0], size[0]), _mirrored(z1, begin[0], size[0])
                    y0, y1 = _mirrored(y0, begin[1], size[1]), _mirrored(y1, begin[1], size[1])
                    x0, x1 = _mirrored(x0, begin[2], size[2]), _mirrored(x1, begin[2], size[2])
                for c in range(channels):
                    s = source[c]
                    a = s[z0, y0, x0] * (one - wx) + s[z0, y0, x1] * wx
                    b = s[z0, y1, x0] * (one - wx) + s[z0, y1, x1] * wx
                    d = s[z1, y0, x0] * (one - wx) + s[z1, y0, x1] * wx
                    e = s[z1, y1, x0] * (one - wx) + s[z1, y1, x1] * wx
                    near, far = a * (one - wy) + b * wy, d * (one - wy) + e * wy
                    result[c, z, y, x] = near * (one - wz) + far * wz


@numba.njit(nogil=True, cache=True)
def nearest(
    source: NDArray[Any],  # (c, z, y, x) unsigned
    mask: NDArray[np.bool_],  # (z, y, x), of the same voxels
    result: NDArray[Any],  # (c, z, y, x), filled
    result_mask: NDArray[np.bool_],  # (z, y, x), filled
    geometry: Geometry,
) -> None:
    """The voxel each place lies in; 0 and False outside of the source."""
    channels, nz, ny, nx = source.shape
    places = np.empty((3, result.shape[3]))
    points = np.empty((3, geometry[2].shape[3]))
    for z in range(result.shape[1]):
        for y in range(result.shape[2]):
            _row_of_places(places, points, z, y, geometry)
            for x in range(result.shape[3]):
                z0 = int(np.floor(places[0, x] + TIE))
                y0 = int(np.floor(places[1, x] + TIE))
                x0 = int(np.floor(places[2, x] + TIE))
                if 0 <= z0 < nz and 0 <= y0 < ny and 0 <= x0 < nx:
                    result_mask[z, y, x] = mask[z0, y0, x0]
                    for c in range(channels):
                        result[c, z, y, x] = source[c, z0, y0, x0]
                else:
                    result_mask[z, y, x] = False
                    for c in range(channels):
                        result[c, z, y, x] = 0
