"""Chunks and shards of the images we write, as they lie in their files."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import zarr

ZSTD_LEVEL = 1
NOT_THERE = 2**64 - 1  # of a chunk that a shard does not hold


def stored_chunk(array: "zarr.Array[Any]", values: NDArray[Any]) -> bytes:
    """The file of the chunk, or of the shard, that begins with `values` and ends with the array.

    As zarr-python writes it, in half the time: a shard is its chunks one behind the other, then a table of
    offsets and lengths with a checksum (https://zarr-specs.readthedocs.io, sharding codec 1.0).
    """
    if array.shards is None:
        return _encoded(values, array.chunks)
    import google_crc32c

    counts = tuple(shard // chunk for shard, chunk in zip(array.shards, array.chunks, strict=True))
    table = np.full((*counts, 2), NOT_THERE, "<u8")
    parts, offset = [], 0
    for place in np.ndindex(counts):
        sides = zip(place, array.chunks, strict=True)
        chunk = values[tuple(slice(p * n, (p + 1) * n) for p, n in sides)]
        if chunk.size:
            parts.append(_encoded(chunk, array.chunks))
            table[place] = offset, len(parts[-1])
            offset += len(parts[-1])
    index = table.tobytes()
    return b"".join([*parts, index, google_crc32c.value(index).to_bytes(4, "little")])


def _encoded(values: NDArray[Any], shape: tuple[int, ...]) -> bytes:
    """Beyond the border of the array a chunk is 0."""
    from numcodecs.zstd import compress

    if values.shape != shape:
        whole = np.zeros(shape, values.dtype)
        whole[tuple(map(slice, values.shape))] = values
        values = whole
    data: bytes = compress(np.ascontiguousarray(values), ZSTD_LEVEL, True)
    return data
