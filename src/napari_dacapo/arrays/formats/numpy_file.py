"""NumPy's .npy, mapped into memory."""

from pathlib import Path

import numpy as np

from napari_dacapo.arrays.formats.stored import Stored, damage_named, pleasant_chunks


def open_stored(path: Path, array: str, level: int) -> Stored:
    """Fortran order and foreign byte order are read as they are."""
    with damage_named(path, "it cannot be mapped into memory"):
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    return Stored(
        name=str(path),
        shape=values.shape,
        dtype=values.dtype,
        chunks=pleasant_chunks(values.shape),
        reader=lambda slices: np.array(values[slices]),
    )
