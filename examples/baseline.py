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
    """Objects (z, y, x) by smoothing, threshold, distance to membranes and watershed, for each threshold."""
    sigma = np.divide(SMOOTHING, voxel_size)
    smooth = ndimage.gaussian_filter(raw.astype(np.float32), sigma)
    for threshold in THRESHOLDS:
        distance = ndimage.distance_transform_edt(smooth > threshold, sampling=voxel_size).astype(np.float32)
        hills = ndimage.gaussian_filter(distance, 2 * sigma)
        peaks = (hills == ndimage.maximum_filter(hills, 9)) & (distance > 2 * SMOOTHING)
        yield watershed(-hills, label(peaks))
