"""What a person looks at, as voxels of an array.

A view is a box of the world. Along an axis that is not on the screen it is flat: begin and end are the slice
that is shown. It may have more axes than the data; the last ones are theirs.
"""

from dataclasses import dataclass

import numpy as np

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, Voxels, World
from napari_dacapo.arrays.sample import voxels_in

MOST_VOXELS = 1 << 22  # padding counted; what is computed within seconds
THINNER = 0.65  # as a power of the side: a slab that is 316 voxels wide has 42 slices
SMALLEST = 16  # voxels a side that are always shown


@dataclass(frozen=True, slots=True)
class Part:
    """Voxels of an array."""

    offset: World
    shape: Voxels
    whole: bool  # whether nothing on the screen is left out


def middle(view: Box, dims: int) -> World:
    """Of the view, along the axes of data of so many dimensions."""
    return tuple((b + e) / 2 for b, e in zip(view.begin[-dims:], view.end[-dims:], strict=True))


def holds(region: Box, view: Box) -> bool:
    """Whether the middle of the view lies in the region."""
    dims = len(region.begin)
    if len(view.begin) < dims:
        return False
    return all(b <= m < e for b, m, e in zip(region.begin, middle(view, dims), region.end, strict=True))


def is_seen(region: Box, view: Box) -> bool:
    """Whether something of the region is in the view."""
    dims = len(region.begin)
    if len(view.begin) < dims:
        return False
    sides = zip(region.begin, region.end, view.begin[-dims:], view.end[-dims:], strict=True)
    return all(b < high and (low < e or low == b == e) for low, high, b, e in sides)


def part_in_view(array: Array, region: Box, view: Box, padding: tuple[Voxels, Voxels]) -> Part:
    """The voxels of the region that are in view, and as many slices beside a flat view as there is time for.

    Of a view that is too large, its middle; where nothing of the region is in view, the middle of the region.
    `padding`: voxels before and after that are looked at as well.
    """
    dims, (low, high) = array.dims, map(np.array, voxels_in(array, region))
    seen = view if is_seen(region, view) else region
    first, last = np.array(seen.begin[-dims:]), np.array(seen.end[-dims:])
    flat, around = first == last, np.add(*padding)
    begin = np.clip(np.floor((first - array.offset) / array.voxel_size), low, high - 1).astype(int)
    end = np.ceil((last - array.offset) / array.voxel_size).astype(int)
    end = np.where(flat, begin + 1, np.clip(end, begin + 1, high))
    most = round(MOST_VOXELS ** (1 / (dims - (1 - THINNER) * np.count_nonzero(flat))))
    shape = np.minimum(end - begin, np.maximum(SMALLEST, most - around))
    slices = MOST_VOXELS // int(np.prod((shape + around)[~flat])) - around
    thick = np.where(flat, np.clip(slices, 1, high - low), shape)
    start = np.clip((begin + end - thick) // 2, low, high - thick)
    offset = np.array(array.offset) + start * np.array(array.voxel_size)
    return Part(tuple(offset.tolist()), tuple(thick.tolist()), bool((shape == end - begin).all()))
