"""Objects that fill space, grown from tubes."""

from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.samples.balls import ball
from napari_dacapo.samples.tubes import STEP, Tubes

CORE = 0.7  # of a tube's radius; what lies between the cores is shared out
SMALLEST = 1_000_000.0  # nm^3 of a core: 2000 voxels of 8 nm; of small volumes, the share below
SMALLEST_SHARE = 0.01


def packed(tubes: Tubes, shape: Voxels, voxel_size: World) -> NDArray[np.uint16]:
    """(z, y, x) ids 1..n without background: every voxel belongs to the nearest core of a tube.

    Each object is one piece. Thick tubes go through thin ones, which then fall apart into several.
    """
    cores = _pieces(_cores(tubes, shape, voxel_size), voxel_size)
    nearest = ndimage.distance_transform_edt(
        cores == 0, sampling=voxel_size, return_distances=False, return_indices=True
    )
    labels: NDArray[np.uint16] = cores[tuple(nearest)]
    return labels


def _cores(tubes: Tubes, shape: Voxels, voxel_size: World) -> NDArray[np.uint16]:
    """(z, y, x) the number of the tube, from 1 on, 0 between them."""
    cores = np.zeros(shape, np.uint16)
    radii = CORE * tubes.radii
    skipped = (radii / (1.2 * STEP)).astype(int).clip(1)  # the balls of thick tubes overlap far more
    end = np.multiply(shape, voxel_size)
    inside = (tubes.centres > -radii[..., None]) & (tubes.centres < end + radii[..., None])
    chosen = np.argwhere(inside.all(axis=-1) & (np.arange(radii.shape[-1]) % skipped == 0))
    for at in map(tuple, chosen[np.argsort(radii[tuple(chosen.T)], kind="stable")]):
        box, voxels = ball(shape, voxel_size, tubes.centres[at], radii[at])
        cores[box][voxels] = at[0] + 1
    return cores


def _pieces(cores: NDArray[np.uint16], voxel_size: World) -> NDArray[np.uint16]:
    """Each connected piece by itself, 1..n, without the small ones."""
    pieces = np.zeros_like(cores)
    least = min(SMALLEST / prod(voxel_size), SMALLEST_SHARE * cores.size)
    count = 0
    for tube, box in enumerate(ndimage.find_objects(cores), start=1):
        if box is None:
            continue
        parts, _ = ndimage.label(cores[box] == tube)
        for part in np.flatnonzero(np.bincount(parts.ravel())[1:] >= least) + 1:
            count += 1
            pieces[box][parts == part] = count
    return pieces
