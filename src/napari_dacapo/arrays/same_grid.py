"""Arrays that are put together voxel by voxel."""

from collections.abc import Sequence

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.errors import UserInputError

PROPERTIES = ("unit", "voxel_size", "offset", "spatial_shape")


def refuse_other_grids(field: str, arrays: Sequence[Array]) -> None:
    """Raises UserInputError, naming both values, unless all arrays have the same voxels in the world."""
    first = arrays[0]
    for other in arrays[1:]:
        for name in PROPERTIES:
            wanted, found = getattr(first, name), getattr(other, name)
            if wanted != found and not _close(wanted, found):
                problem = (
                    f"{name.replace('_', ' ')} {found} of {other.name} differs from {wanted} of {first.name}"
                )
                raise UserInputError(
                    field, other.name, problem, "Crop or resample one of them to the other's grid"
                )


def _close(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return False
    a, b = np.asarray(one, float), np.asarray(other, float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-6))
