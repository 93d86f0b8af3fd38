"""Small arrays saved as files, as a user would have them."""

from pathlib import Path
from typing import Any

import numpy as np

from napari_dacapo.arrays.file import File


def saved(
    folder: Path,
    title: str,
    data: Any,
    voxel_size: tuple[float, ...] | None = None,
    offset: tuple[float, ...] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    **fields: Any,
) -> File:
    """A source of the data, its path relative to the folder; without a voxel size it is 1 voxel."""
    values = np.asarray(data)
    np.save(folder / f"{title}.npy", values)
    letters = {2: "yx", 3: "zyx", 4: "czyx"}[values.ndim] if axes is None else axes
    return File(path=f"{title}.npy", axes=letters, voxel_size=voxel_size, offset=offset, unit=unit, **fields)
