"""What is read at once of an array whose chunks are far wider than what is read of them."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.wide_chunks import SLAB_BYTES, is_wide, slab_of, tile_of

BLOCK = (164,) * 3


def array(shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str = "uint8") -> Array:
    dims = min(3, len(shape))
    axes = "czyx"[4 - len(shape) :]
    data = np.broadcast_to(np.zeros((), dtype), shape)
    return replace(from_numpy(data, axes, (1.0,) * dims), chunks=chunks)


@pytest.mark.parametrize(
    ("shape", "chunks", "wide"),
    [
        ((1000, 2048, 2048), (1, 2048, 2048), True),
        ((1000, 2048, 2048), (64, 64, 64), False),
        ((1000, 2048, 2048), (128, 128, 128), False),
        ((1000, 2048, 2048), (256, 256, 256), True),
        ((1000, 512, 512), (1, 512, 512), True),
        ((1000, 300, 300), (1, 300, 300), False),
        ((164, 164, 164), (164, 164, 164), False),
    ],
)
def test_planes_are_wide_for_blocks_and_usual_chunks_are_not(
    shape: Voxels, chunks: Voxels, wide: bool
) -> None:
    assert is_wide(array(shape, chunks), BLOCK) == wide


@pytest.mark.parametrize(
    ("shape", "chunks", "dtype", "slab", "tile"),
    [
        ((1000, 2048, 2048), (1, 2048, 2048), "uint8", (32, 2048, 2048), (32, 64, 64)),
        ((1000, 8000, 8000), (1, 8000, 8000), "uint16", (1, 8192, 8192), (1, 512, 256)),
        ((10, 2000, 2000), (1, 2000, 2000), "uint8", (10, 2048, 2048), (10, 128, 128)),
        ((512, 512, 512), (512, 512, 1), "uint8", (512, 512, 64), (64, 64, 64)),
        ((300, 300, 300), (64, 64, 64), "uint8", (64, 64, 64), (64, 64, 64)),
        ((2, 9000, 9000), (1, 9000, 9000), "uint8", (9216, 9216), (512, 512)),
    ],
)
def test_a_slab_is_whole_chunks_of_bounded_size_in_whole_tiles(
    shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str, slab: Voxels, tile: Voxels
) -> None:
    assert slab_of(array(shape, chunks, dtype) if len(slab) == 3 else two_channels(shape)) == slab
    assert tile_of(slab) == tile
    assert all(s % t == 0 for s, t in zip(slab, tile, strict=True))
    assert prod(slab) * np.dtype(dtype).itemsize <= 1.5 * SLAB_BYTES


def two_channels(shape: tuple[int, ...]) -> Array:
    data = np.broadcast_to(np.uint8(0), shape)
    return replace(from_numpy(data, "cyx", (1.0, 1.0)), chunks=(1, *shape[1:]))
