"""Arrays that lie in chunks far wider than what is read of them, such as compressed planes of a stack.

Of each plane that a block of 164 voxels a side touches, all is decoded: of 2048 x 2048 pixels 156 times as
many as are read, for every block anew. Such an array is read slab by slab, and kept in tiles.
"""

from collections.abc import Callable, Sequence
from math import prod

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels

WIDE = 3.0  # times as many voxels as tiles would need are decoded: planes of 512, chunks of 256 a side
SLAB_BYTES = 1 << 27  # at most, but for a chunk that is larger
TILE = {2: 512, 3: 64}  # voxels along a side of what is decoded together afterwards
TILE_VOXELS = 1 << 17  # fewer are not worth the call


def is_wide(array: Array, shape: Voxels) -> bool:
    """Whether reading parts of a shape decodes many times what tiles would need."""
    tiles = (TILE[array.dims],) * array.dims
    return _decoded(array, shape, array.chunks[-array.dims :]) > WIDE * _decoded(array, shape, tiles)


def slab_of(array: Array) -> Voxels:
    """What is read at once: whole chunks where these are wide, and whole tiles."""
    full = array.spatial_shape
    slab = [min(max(1, chunk), n) for chunk, n in zip(array.chunks[-array.dims :], full, strict=True)]
    most = SLAB_BYTES // ((array.channels or 1) * array.dtype.itemsize)
    longest = [min(n, TILE[array.dims]) for n in full]
    _grow_shortest(slab, longest, lambda: 2 * prod(slab) <= most)
    return tuple(-(-n // t) * t for n, t in zip(slab, tile_of(tuple(slab)), strict=True))


def tile_of(slab: Voxels) -> Voxels:
    """What is decoded together once it is copied; a thin one is wide enough to be worth the call."""
    tile = [min(n, TILE[len(slab)]) for n in slab]
    _grow_shortest(tile, slab, lambda: prod(tile) < TILE_VOXELS)
    return tuple(tile)


def _grow_shortest(sides: list[int], longest: Sequence[int], goes_on: Callable[[], bool]) -> None:
    """Double the shortest side that may get longer, as long as it goes on."""
    while goes_on() and (short := [axis for axis, n in enumerate(longest) if sides[axis] < n]):
        shortest = min(short, key=sides.__getitem__)
        sides[shortest] = min(2 * sides[shortest], longest[shortest])


def _decoded(array: Array, shape: Voxels, chunks: Voxels) -> int:
    """Voxels, for a part that begins anywhere: it touches (n - 1) / chunk + 1 chunks along an axis."""
    sides = zip(array.spatial_shape, shape, chunks, strict=True)
    return prod(min(n - 1 + chunk, -(-whole // chunk) * chunk) for whole, n, chunk in sides)
