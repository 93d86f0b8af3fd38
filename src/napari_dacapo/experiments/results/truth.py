"""What a segmentation is scored against."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.arrays.grid import read_on_grid
from napari_dacapo.datasplits.dataset import OpenDataset


def truth_on(
    dataset: OpenDataset, offset: World, voxel_size: World, shape: Voxels
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Labels ((c,) (z,) y, x) and where they are known ((z,) y, x), on the voxels of a prediction."""
    labels = read_on_grid(dataset.labels, offset, voxel_size, shape)
    if dataset.known is None:
        return labels, np.ones(shape, np.bool_)
    return labels, read_on_grid(dataset.known, offset, voxel_size, shape).astype(np.bool_, copy=False)
