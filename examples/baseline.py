"""What one gets without learning."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from bioimage_cpp.segmentation import label, watershed
from numpy.typing import NDArray
from scipy import ndimage

THRESHOLDS = (100, 110, 120, 130)  # intensities between membrane and inside
SMOOTHING = 8.0  # nm


def watersheds(raw: NDArray[Any], voxel_size: tuple[float, ...]) -> Iterator[NDArray[Any]]:
    """Objects (z, y, x) by smoothing, threshold, distance and watershed, for each threshold."""
    smooth = ndimage.gaussian_filter(raw.astype(np.float32), [SMOOTHING / size for size in voxel_size])
    for threshold in THRESHOLDS:
        distance = ndimage.distance_transform_edt(smooth > threshold, sampling=voxel_size).astype(np.float32)
        peaks = (distance == ndimage.maximum_filter(distance, 9)) & (distance > 2 * SMOOTHING)
        yield watershed(-distance, label(peaks))
