"""Chunks and shards that we write ourselves are those that zarr-python writes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.arrays.stored_chunks import stored_chunk


def created(path: Path, dtype: Any, shards: tuple[int, ...] | None, ome_version: OmeVersion = "0.5") -> Any:
    """Two channels of 8 x 11 pixels in chunks of 4 x 4, the last ones beyond the border."""
    return create_ome_zarr(
        path,
        axes="cyx",
        shape=(2, 8, 11),
        dtype=dtype,
        voxel_size=(1.0, 1.0),
        offset=(0.0, 0.0),
        unit="nm",
        chunks=(1, 4, 4),
        shards=shards,
        ome_version=ome_version,
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.uint32, np.uint64])
@pytest.mark.parametrize("shards", [(2, 8, 12), (2, 4, 8), (1, 8, 4)])
def test_zarr_reads_a_shard_as_it_was(tmp_path: Path, dtype: Any, shards: tuple[int, ...]) -> None:
    array = created(tmp_path / "a.zarr", dtype, shards)
    values = np.random.default_rng(0).integers(1, 200, array.shape).astype(dtype)
    for place in np.ndindex(*(-(-n // s) for n, s in zip(array.shape, shards, strict=True))):
        part = tuple(slice(p * n, (p + 1) * n) for p, n in zip(place, shards, strict=True))
        file = tmp_path / "a.zarr" / "0" / array.metadata.encode_chunk_key(place)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(stored_chunk(array, values[part]))
    np.testing.assert_array_equal(open_own(tmp_path / "a.zarr")[:], values)


@pytest.mark.parametrize("ome_version", ["0.4", "0.5"])
def test_a_chunk_is_byte_for_byte_that_of_zarr(tmp_path: Path, ome_version: OmeVersion) -> None:
    array = created(tmp_path / "a.zarr", np.uint16, None, ome_version)
    values = np.random.default_rng(0).integers(0, 60_000, array.shape).astype(np.uint16)
    array[:] = values
    for place in np.ndindex(2, 2, 3):
        part = tuple(slice(p * n, (p + 1) * n) for p, n in zip(place, array.chunks, strict=True))
        file = tmp_path / "a.zarr" / "0" / array.metadata.encode_chunk_key(place)
        assert stored_chunk(array, values[part]) == file.read_bytes()


def test_a_shard_is_no_longer_than_that_of_zarr(tmp_path: Path) -> None:
    array = created(tmp_path / "a.zarr", np.float32, (2, 8, 12))
    values = np.random.default_rng(0).random(array.shape, np.float32)
    array[:] = values
    assert (
        len(stored_chunk(array, values)) == (tmp_path / "a.zarr" / "0" / "c" / "0" / "0" / "0").stat().st_size
    )
