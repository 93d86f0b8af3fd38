"""How far voxels lie from a mask."""

import edt
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from napari_dacapo.arrays.box import World


def distance_to(mask: NDArray[np.bool_], voxel_size: World) -> NDArray[np.float32]:
    """((z,) y, x) world units from the middle of each voxel to that of the nearest in the mask; 0 within.

    Infinite everywhere where the mask is empty.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    elsewhere = np.require(~mask, np.uint8, requirements=("C", "W"))
    distance: NDArray[np.float32] = edt.edt(elsewhere, anisotropy=voxel_size, black_border=False)
    return distance


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voxels of the mask with a side that is not in it, or at the end of the array."""
    inside: NDArray[np.bool_] = binary_erosion(mask)
    return mask & ~inside
