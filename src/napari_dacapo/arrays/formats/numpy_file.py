"""NumPy's .npy, mapped into memory."""

from pathlib import Path

import numpy as np

from napari_dacapo.arrays.formats.stored import Stored, pleasant_chunks, tail
from napari_dacapo.errors import UserInputError


def open_stored(path: Path, array: str, level: int) -> Stored:
    """Fortran order and foreign byte order are read as they are."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        problem = "it cannot be mapped: it holds objects, or it is damaged"
        raise UserInputError("path", tail(path), problem, "Save numbers with numpy.save") from error
    return Stored(
        name=str(path),
        shape=values.shape,
        dtype=values.dtype,
        chunks=pleasant_chunks(values.shape),
        reader=lambda slices: np.array(values[slices]),
    )
