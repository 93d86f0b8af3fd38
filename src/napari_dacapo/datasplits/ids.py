"""Labels as the engine wants them: unsigned integers in native byte order, 0 is background."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.errors import UserInputError

Unlabelled = Literal["nothing", "zero"]  # of what a label of 0 is


def object_ids(labels: Array, unlabelled: Unlabelled) -> Array:
    """The labels with 0 for background (and, under the convention `zero`, for what is unknown).

    Raises UserInputError for labels that are not integer, and, when read, for negative ones.
    """
    if labels.dtype.kind not in "bui":
        problem = f"labels must be integer; {labels.name} has {labels.dtype}"
        fix = "Choose the labels themselves; resample them with nearest or majority, not linear"
        raise UserInputError("labels", str(labels.dtype), problem, fix)
    dtype = np.dtype(f"u{labels.dtype.itemsize}")

    def read(slices: tuple[slice, ...]) -> NDArray[Any]:
        ids: NDArray[Any] = labels.reader(slices)
        _refuse_negative(labels, ids)
        ids = ids.astype(dtype, copy=False)
        return np.subtract(ids, 1, where=ids > 0, out=np.zeros_like(ids)) if unlabelled == "zero" else ids

    return replace(labels, dtype=dtype, reader=read)


def as_painted(id: int, unlabelled: Unlabelled) -> int:
    """The id by which a person knows what opened labels have: 0 is background, painted as 1 under `zero`."""
    return id + 1 if unlabelled == "zero" else id


def _refuse_negative(labels: Array, ids: NDArray[Any]) -> None:
    if labels.dtype.kind == "i" and ids.size and ids.min() < 0:
        problem = f"{labels.name} has a negative id"
        fix = "Relabel it from 0 up, or mark unknown voxels by a mask"
        raise UserInputError("labels", int(ids.min()), problem, fix)
