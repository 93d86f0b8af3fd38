"""What blocks are written to: durable, checked, of known error, with coarser levels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.arrays.pyramid import Method, coarser_levels, coarser_shapes
from napari_dacapo.blockwise.coding import Coding, OutputDtype
from napari_dacapo.blockwise.durable import is_written, read_table, read_written, write_durably, write_tables
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.pyramid import write_pyramid
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.errors import UserInputError


def flipped(data: bytes) -> bytes:
    return data[:80] + bytes([data[80] ^ 1]) + data[81:]


@given(st.floats(-1, 1, width=32), st.sampled_from(["uint8", "float16", "float32"]))
def test_a_stored_number_is_within_the_known_error(value: float, dtype: OutputDtype) -> None:
    coding = Coding(dtype, -1, 1)
    stored = coding.encode(np.array([value], np.float32))
    assert stored.dtype == np.dtype(dtype)
    assert abs(float(coding.decode(stored)[0]) - value) <= coding.error + 2e-7


@pytest.mark.parametrize(("dtype", "error"), [("uint8", 1 / 510), ("float16", 2**-11), ("float32", 2**-24)])
def test_the_error_of_probabilities(dtype: OutputDtype, error: float) -> None:
    assert Coding(dtype).error == pytest.approx(error)


def test_bytes_are_even_steps_and_what_lies_outside_is_the_nearest() -> None:
    values = np.array([-1, -0.5, 0, 1, 7, -7, np.nan], np.float32)
    assert Coding("uint8", -1, 1).encode(values).tolist() == [0, 64, 128, 255, 255, 0, 0]


def created(path: Path, shape: tuple[int, ...], dtype: Any, shards: tuple[int, ...], dims: int) -> None:
    create_ome_zarr(
        path,
        axes="czyx"[-dims:] if len(shape) == dims else "c" + "zyx"[-dims:],
        shape=shape,
        dtype=dtype,
        voxel_size=(8.0,) * dims,
        offset=(0.0,) * dims,
        unit="nm",
        chunks=(*(1,) * (len(shape) - dims), *(n // 2 for n in shards[-dims:])),
        shards=shards,
        coarser=coarser_shapes(shape, dims),
    )


def test_a_block_is_one_file_that_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    created(tmp_path / "a.zarr", (2, 8, 12), np.float32, (2, 8, 8), 2)
    array, folder = open_own(tmp_path / "a.zarr"), tmp_path / "a.zarr" / "0"
    first, last = (slice(0, 2), slice(0, 8), slice(0, 8)), (slice(0, 2), slice(0, 8), slice(8, 12))
    values = np.arange(2 * 8 * 4, dtype=np.float32).reshape(2, 8, 4)
    write_durably(array, folder, last, values)
    assert is_written(array, folder, last) and not is_written(array, folder, first)
    np.testing.assert_array_equal(array[last], values)
    assert [file.name for file in (folder / "c").rglob("*") if file.is_file()] == ["1"]
    next(file for file in (folder / "c").rglob("1")).unlink()
    assert not is_written(array, folder, last)


@pytest.mark.parametrize("torn", [0, 5, 40])
def test_a_torn_file_of_an_earlier_try_is_written_over(tmp_path: Path, torn: int) -> None:
    created(tmp_path / "a.zarr", (8, 12), np.float32, (8, 8), 2)
    array, folder = open_own(tmp_path / "a.zarr"), tmp_path / "a.zarr" / "0"
    last, values = (slice(0, 8), slice(8, 12)), np.ones((8, 4), np.float32)
    write_durably(array, folder, last, values)
    file = folder / "c" / "0" / "1"
    file.write_bytes(file.read_bytes()[:torn])
    (file.parent / "1.0a5f.partial").write_bytes(b"of a process that was killed")
    write_durably(array, folder, last, values * 2)
    np.testing.assert_array_equal(array[last], values * 2)
    assert list(file.parent.iterdir()) == [file]


def test_flipped_bits_of_a_block_are_told_with_its_chunk(tmp_path: Path) -> None:
    created(tmp_path / "a.zarr", (64, 64), np.float32, (64, 64), 2)
    noise = np.random.default_rng(0).random((64, 64), np.float32)
    write_durably(open_own(tmp_path / "a.zarr"), tmp_path / "a.zarr" / "0", (slice(0, 64),) * 2, noise)
    file = tmp_path / "a.zarr" / "0" / "c" / "0" / "0"
    whole = file.read_bytes()
    told = 0
    for place in np.random.default_rng(1).integers(0, len(whole), 150):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        file.write_bytes(flipped)
        with pytest.raises(UserInputError, match=r"chunk \(0, 0\)"):
            File(path=str(tmp_path / "a.zarr")).open().read((0, 0), (64, 64))
        told += 1
    assert told == 150


def test_an_empty_file_of_a_block_is_no_zeros(tmp_path: Path) -> None:
    created(tmp_path / "a.zarr", (8, 8), np.uint8, (8, 8), 2)
    array, folder, all_of_it = open_own(tmp_path / "a.zarr"), tmp_path / "a.zarr" / "0", (slice(0, 8),) * 2
    write_durably(array, folder, all_of_it, np.ones((8, 8), np.uint8))
    (folder / "c" / "0" / "0").write_bytes(b"")
    assert not is_written(array, folder, all_of_it)
    with pytest.raises(UserInputError, match=r"0/c/0/0.*damaged"):
        read_written(array, folder, all_of_it)
    with pytest.raises(UserInputError, match=r"chunk \(0, 0\) cannot be read: its file is empty"):
        File(path=str(tmp_path / "a.zarr")).open().read((0, 0), (8, 8))


@pytest.mark.parametrize("damage", [lambda data: data[:60], lambda data: b"", flipped])
def test_tables_that_are_damaged_are_told(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "parts" / "0.npz"
    write_tables(path, sizes=np.arange(5))
    assert read_table(path, "sizes").tolist() == [0, 1, 2, 3, 4]
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.raises(UserInputError, match="damaged or gone"):
        read_table(path, "sizes")


@pytest.mark.parametrize(
    ("shape", "dtype", "method"),
    [
        ((2, 300, 131), np.float32, "mean"),
        ((3, 257, 40), np.uint8, "mean"),
        ((261, 300), np.uint32, "stride"),
    ],
)
def test_levels_by_blocks_equal_those_of_the_whole(
    tmp_path: Path, shape: tuple[int, ...], dtype: Any, method: Method
) -> None:
    path, shards = tmp_path / "volume.zarr", (*shape[:-2], 32, 48)
    created(path, shape, dtype, shards, 2)
    data = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    finest, channels = open_own(path), (slice(0, shape[0]),) * (len(shape) - 2)
    for block in Grid(shape[-2:], shards[-2:]).blocks():
        slices = (*channels, *block.slices)
        write_durably(finest, path / "0", slices, data[slices])
    ledger = Ledger.open(tmp_path / "ledger.jsonl", {}, {})
    steps = list(write_pyramid(path, 2, method, ledger, Threads(2)))
    expected = list(coarser_levels(data, 2, method))
    assert {step.stage for step in steps} == {f"volume level {n}" for n in range(1, len(expected) + 1)}
    for level, whole in enumerate(expected, start=1):
        np.testing.assert_array_equal(
            File(path=str(path), level=level).open().read((0, 0), whole.shape[-2:]), whole
        )
