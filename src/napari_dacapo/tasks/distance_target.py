"""Signed distances of labels to the boundaries of their objects."""

from typing import Any

import edt
import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels, World

FINEST = 9  # times a coarse voxel is cut at most
ROUNDING = 1e-5  # of a distance


def signed_distance(objects: NDArray[Any], voxel_size: World, reach: float) -> NDArray[np.float32]:
    """((z,) y, x) world units, positive within objects, negative in background, clipped to +-`reach`.

    The boundary lies between voxels, also between touching objects: next to it a voxel of 8 nm has 4 or -4.
    """
    inside = _to_boundary(objects, voxel_size, False, reach)
    outside = _to_boundary(objects == 0, voxel_size, False, reach)
    return np.where(objects != 0, inside, -outside)


def squeezed(distance: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """tanh(distance / scale)."""
    near_1: NDArray[np.float32] = np.tanh(distance / np.float32(scale))
    return near_1


def certain(
    distance: NDArray[np.float32], known: NDArray[np.bool_], voxel_size: World, reach: float
) -> NDArray[np.bool_]:
    """Where no boundary can hide in unknown voxels or beyond the array, nearer than the one that was found.

    known     ? ? 1 1 1 1 1  1
    object    . . 7 7 7 7 7  .
    distance  - - 1 3 5 3 1 -1     in half voxels; the left boundary may not be there
    hidden    - - 1 3 5 5 3  1     to the nearest unknown voxel, or out of the array
    certain   0 0 0 0 0 1 1  0
    """
    hidden = (
        _to_border(known.shape, voxel_size) if known.all() else _to_boundary(known, voxel_size, True, reach)
    )
    nearest = np.abs(distance)
    return known & ((nearest < hidden * (1 - ROUNDING)) | (hidden >= reach))


def _to_boundary(labels: NDArray[Any], voxel_size: World, border: bool, reach: float) -> NDArray[np.float32]:
    """((z,) y, x) world units from the middle of a voxel to where its label ends, up to `reach`; else 0.

    `border`: whether labels end with the array. Voxels much longer than others are cut, and the distance of
    their middle part taken, so that half a voxel is half a voxel along every axis.
    """
    cuts = [_cuts(size / min(voxel_size)) for size in voxel_size]
    fine = labels
    for axis, cut in enumerate(cuts):
        fine = fine if cut == 1 else np.repeat(fine, cut, axis)
    sizes = tuple(size / cut for size, cut in zip(voxel_size, cuts, strict=True))
    distance = edt.edt(np.require(fine, requirements=("C", "W")), anisotropy=sizes, black_border=border)
    middle = distance[tuple(slice(cut // 2, None, cut) for cut in cuts)]
    clipped: NDArray[np.float32] = (middle - np.float32(min(sizes) / 2)).clip(0, np.float32(reach))
    return clipped


def _to_border(shape: Voxels, voxel_size: World) -> NDArray[np.float32]:
    """((z,) y, x) world units from the middle of a voxel to the nearest side of the array."""
    distance = np.full(shape, np.inf, np.float32)
    for axis, (length, size) in enumerate(zip(shape, voxel_size, strict=True)):
        index = np.arange(length, dtype=np.float32)
        along = (np.minimum(index, index[::-1]) + np.float32(0.5)) * np.float32(size)
        np.minimum(distance, along.reshape(-1, *(1,) * (len(shape) - axis - 1)), out=distance)
    return distance


def _cuts(ratio: float) -> int:
    """The odd number of parts, at most `FINEST`, that come nearest to cubes: 3 for 2.3 times as long."""
    return min(FINEST, 2 * round((ratio - 1) / 2) + 1)
