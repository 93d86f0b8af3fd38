"""Where labels are to be trusted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.marked import marked
from napari_dacapo.datasplits.ids import Unlabelled

ROUNDING = 1e-6  # of a voxel


def known_voxels(labels: Array, mask: Array | None, unlabelled: Unlabelled) -> Array | None:
    """Bool on the grid of the labels as stored, without channels; None where every label is known.

    A voxel is known where the mask's voxel at its centre is not 0, and, under the convention `zero`,
    where its label (in any channel) is not 0. Beyond the mask nothing is known.
    """
    if mask is None and unlabelled == "nothing":
        return None
    channels = () if labels.channels is None else (slice(0, labels.channels),)

    def read(slices: tuple[slice, ...]) -> NDArray[np.bool_]:
        known = np.ones([each.stop - each.start for each in slices], np.bool_)
        if unlabelled == "zero":
            ids: NDArray[Any] = labels.reader((*channels, *slices))
            known &= (ids > 0).any(axis=0) if channels else ids > 0
        if mask is not None:
            known &= _mask_at(mask, labels, slices)
        return known

    return marked(labels, read)


def _mask_at(mask: Array, labels: Array, slices: Sequence[slice]) -> NDArray[np.bool_]:
    kept = np.zeros([each.stop - each.start for each in slices], np.bool_)
    indices = [_mask_indices(mask, labels, axis, each) for axis, each in enumerate(slices)]
    inside = [np.flatnonzero((i >= 0) & (i < n)) for i, n in zip(indices, mask.spatial_shape, strict=True)]
    if all(each.size for each in inside):
        chosen = [i[within] for i, within in zip(indices, inside, strict=True)]
        start = tuple(int(i[0]) for i in chosen)
        shape = tuple(int(i[-1]) - s + 1 for i, s in zip(chosen, start, strict=True))
        values: NDArray[Any] = mask.read(start, shape)
        kept[np.ix_(*inside)] = values[np.ix_(*(i - s for i, s in zip(chosen, start, strict=True)))] != 0
    return kept


def _mask_indices(mask: Array, labels: Array, axis: int, wanted: slice) -> NDArray[np.intp]:
    """The mask's voxel that the centre of each wanted voxel of the labels lies in."""
    centres = labels.offset[axis] + (np.arange(wanted.start, wanted.stop) + 0.5) * labels.voxel_size[axis]
    return np.floor((centres - mask.offset[axis]) / mask.voxel_size[axis] + ROUNDING).astype(np.intp)
