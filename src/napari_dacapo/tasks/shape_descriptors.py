"""Local shape descriptors of labels: where in its object a voxel lies, and how that goes on around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import fastremap
import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from napari_dacapo.arrays.box import Voxels

REACH = 3.0  # in sigmas; farther voxels are not looked at
LEAST_VARIANCE = 1e-5  # in squares of sigma; of an object one voxel thick it is 0
MOST_UNKNOWN = 0.05  # of a window, for a descriptor to count

Moments = dict[tuple[int, ...], NDArray[np.float32]]  # by the power of the distance along each axis


@dataclass(frozen=True, slots=True)
class Window:
    """The Gaussian about each voxel in which its object is looked at."""

    sigma: tuple[float, ...]  # in voxels, along each axis
    step: int  # every so many voxels one is looked at, and has a descriptor

    @property
    def reach(self) -> Voxels:
        """Voxels on each side."""
        return tuple(int(REACH * sigma + 0.5) for sigma in self.sigma)


def descriptor_names(dims: int) -> tuple[str, ...]:
    """The channels: mean offset and variance along each axis, correlation of each two, size."""
    axes = "zyx"[-dims:]
    pairs = ("".join(pair) for pair in combinations(axes, 2))
    return (
        *(f"lsd_offset_{axis}" for axis in axes),
        *(f"lsd_variance_{axis}" for axis in axes),
        *(f"lsd_correlation_{pair}" for pair in pairs),
        "lsd_size",
    )


def descriptors_of(
    labels: NDArray[Any], window: Window, before: Voxels, after: Voxels
) -> NDArray[np.float32]:
    """(c, (z,) y, x) in [0, 1], 0 in background, in the order of `descriptor_names` (Sheridan et al. 2022).

    Of the voxels of p's object, weighed by the window about p: their mean offset from p and its variance in
    sigmas, the correlations, and which part of the window they are. Offset and correlation are moved so that
    0 is 0.5. `labels` ((z,) y, x) are larger than the result by `before` and `after`.
    """
    ids, _ = fastremap.renumber(labels)
    inner = ids[tuple(slice(b, n - a) for b, a, n in zip(before, after, ids.shape, strict=True))]
    found = np.zeros((len(descriptor_names(ids.ndim)), *inner.shape), np.float32)
    boxes = zip(find_objects(_signed(inner)), find_objects(_signed(ids)), strict=False)
    for place, (box, whole) in enumerate(boxes, start=1):
        if box is None:
            continue
        box = tuple(slice(each.start - each.start % window.step, each.stop) for each in box)
        seen = [_Axis.of(each, whole[axis], before[axis], window, axis) for axis, each in enumerate(box)]
        moments = _moments(ids[tuple(axis.sources for axis in seen)] == place, seen, highest=2)
        described = _described(moments)
        for channel, values in zip(found, described, strict=True):
            _write(_as_volume(values), _as_volume(inner[box]), place, window.step, _as_volume(channel[box]))
    return found


def mostly_known(
    known: NDArray[np.bool_], window: Window, before: Voxels, after: Voxels
) -> NDArray[np.bool_]:
    """((z,) y, x) where no more than a twentieth of the window is unknown, and the voxel itself is known."""
    inner = tuple(slice(b, n - a) for b, a, n in zip(before, after, known.shape, strict=True))
    if known.all():
        return np.ones_like(known[inner])
    seen = [
        _Axis.of(slice(0, each.stop - each.start), slice(0, length), each.start, window, axis)
        for axis, (each, length) in enumerate(zip(inner, known.shape, strict=True))
    ]
    share = _moments(known[tuple(axis.sources for axis in seen)], seen, highest=0)[(0,) * known.ndim]
    enough = np.zeros(known[inner].shape, np.float32)
    mine = known[inner].view(np.uint8)
    _write(_as_volume(share), _as_volume(mine), 1, window.step, _as_volume(enough))
    return enough >= 1 - MOST_UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """What is looked at along one axis, and with which weight.

    sources   . s . s . s . s .      every `step` voxels, those of the object
    targets       t   t   t          every `step` voxels, those that have a descriptor
    """

    sources: slice
    powers: NDArray[np.float32]  # (3, targets, sources) the window times the distance to the power 0, 1, 2

    @classmethod
    def of(cls, box: slice, whole: slice, before: int, window: Window, axis: int) -> "_Axis":
        """`box` is the object's in the result, `whole` its in the labels, which begin `before` earlier."""
        step, reach, sigma = window.step, window.reach[axis], window.sigma[axis]
        targets = before + np.arange(box.start, box.stop, step) + step // 2
        first = max(whole.start, int(targets[0]) - reach)
        first += (int(targets[0]) - first) % step
        sources = slice(first, min(whole.stop, int(targets[-1]) + reach + 1), step)
        offset = np.arange(sources.start, sources.stop, step) - targets[:, None]
        distance = offset / sigma
        weight = np.exp(-(distance**2) / 2) * (np.abs(offset) <= reach)
        whole_window = np.arange(-(reach // step), reach // step + 1) * step / sigma
        weight /= np.exp(-(whole_window**2) / 2).sum()
        return cls(sources, np.stack([weight, weight * distance, weight * distance**2]).astype(np.float32))


def _moments(mask: NDArray[np.bool_], axes: Sequence[_Axis], highest: int) -> Moments:
    """Sums of the mask over the window, times distances to powers of `highest` together.

    A Gaussian is a product over axes, so one axis after the other is summed, each by a product of matrices:
    with three axes and second moments, 19 products instead of a filter of the volume for each of ten sums.
    """
    moments: Moments = {(): mask.astype(np.float32)}
    for axis in axes:
        moments = {
            (*done, power): _along_first(moment, axis.powers[power])
            for done, moment in moments.items()
            for power in range(highest + 1 - sum(done))
        }
    return moments


def _along_first(moment: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums the first axis by the matrix (targets, sources); the new one comes last."""
    rows = moment.reshape(moment.shape[0], -1)
    summed: NDArray[np.float32] = (rows.T @ matrix.T).reshape(*moment.shape[1:], len(matrix))
    return summed


def _described(moments: Moments) -> NDArray[np.float32]:
    """(c, (z,) y, x) in [0, 1] from moments up to the second."""
    dims = len(next(iter(moments)))
    size = moments[(0,) * dims]
    whole = np.maximum(size, np.finfo(np.float32).tiny)
    offset = [moments[_power(dims, axis)] / whole for axis in range(dims)]
    variance = [moments[_power(dims, axis, axis)] / whole - offset[axis] ** 2 for axis in range(dims)]
    deviation = [np.sqrt(np.maximum(each, LEAST_VARIANCE)) for each in variance]
    correlation = [
        (moments[_power(dims, a, b)] / whole - offset[a] * offset[b]) / (deviation[a] * deviation[b])
        for a, b in combinations(range(dims), 2)
    ]
    moved = [(0.5 + each / 2) for each in (*offset, *correlation)]
    described = np.stack([*moved[:dims], *variance, *moved[dims:], size])
    return described.clip(0, 1, out=described)


def _power(dims: int, *axes: int) -> tuple[int, ...]:
    return tuple(axes.count(axis) for axis in range(dims))


def _signed(ids: NDArray[Any]) -> NDArray[Any]:
    """As `find_objects` takes them."""
    return ids.astype(np.int32 if ids.itemsize <= 2 else np.int64, copy=False)


def _as_volume(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.ndim == 3 else array[None]


@numba.njit(nogil=True, cache=True)
def _write(coarse, ids, place, step, out):  # type: ignore[no-untyped-def]
    """Into `out` (z, y, x), where ids are `place`, the value that stands for `step` voxels an axis."""
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            values, row, written = coarse[z // step, y // step], ids[z, y], out[z, y]
            for x in range(row.size):
                if row[x] == place:
                    written[x] = values[x // step]
