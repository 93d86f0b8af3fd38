"""Full, read-only and damaged disks, images that go away: one sentence, and what is done stays."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own, write_ome_zarr
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.durable import read_written
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.turn import Turn
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.errors import BlocksError, DacapoError, DiskFullError, UserInputError

SIDE, BLOCK = 96, 32  # 27 blocks of 128 KiB
WORLD: dict[str, Any] = {"voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "voxel"}


class Same:
    """What it predicts is the image."""

    def predict(self, raw: Array, start: Voxels, shape: Voxels) -> np.ndarray:
        return raw.read(start, shape).astype(np.float32)[None]


@pytest.fixture
def image(tmp_path: Path) -> Array:
    noise = np.random.default_rng(0).random((SIDE,) * 3, np.float32)
    write_ome_zarr(tmp_path / "raw.zarr", noise, axes="zyx", chunks=(BLOCK,) * 3, **WORLD)
    return File(path=str(tmp_path / "raw.zarr")).open()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.name == "nt" or os.getuid() != 0:
        pytest.skip("only root may mount a disk")
    if mounted("-t", "tmpfs", "-o", "size=2m", "tmpfs", disk):
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def mounted(*words: object) -> int:
    return subprocess.run(["mount", *map(str, words)], capture_output=True, check=False).returncode


def predict(folder: Path, image: Array) -> int:
    """Every block that is not done yet; gives how many were done by this call."""
    path = folder / "prediction.zarr"
    sides: dict[str, Any] = {"shape": (1, *(SIDE,) * 3), "chunks": (1, *(BLOCK,) * 3)}
    if not path.exists():
        create_ome_zarr(path, axes="czyx", dtype=np.float32, shards=sides["chunks"], **sides, **WORLD)
    ledger = Ledger.open(folder / "ledger.jsonl", {}, {})
    network = cast(Network, Same())
    act = PredictBlock(lambda: network, lambda: image, (0,) * 3, (1,) * 3, Coding("float32"), path)
    blocks = Grid((SIDE,) * 3, (BLOCK,) * 3).blocks()
    return len(list(run_stage("predicting", act, blocks, ledger, Threads(2))))


def finished(folder: Path) -> int:
    return len(Ledger.read(folder / "ledger.jsonl").finished("predicting"))


def whole(folder: Path) -> np.ndarray:
    return open_own(folder / "prediction.zarr")[0]


def test_a_full_disk_is_told_and_with_room_the_rest_is_done(image: Array, small_disk: Path) -> None:
    (small_disk / "other").write_bytes(bytes(1 << 20))
    with pytest.raises(DiskFullError, match="The disk is full"):
        predict(small_disk, image)
    before = finished(small_disk)
    assert 1 <= before < 9
    (small_disk / "other").unlink()
    assert not mounted("-o", "remount,size=8m", small_disk)
    assert predict(small_disk, image) == 27 - before
    np.testing.assert_array_equal(whole(small_disk), image.read((0,) * 3, (SIDE,) * 3))


def test_a_disk_too_full_for_a_start_is_told_and_the_next_start_takes_its_turn(small_disk: Path) -> None:
    Turn.take(small_disk / "turn")
    earlier = Turn.present(small_disk / "turn")
    (small_disk / "turn").unlink()
    with suppress(OSError):
        (small_disk / "other").write_bytes(bytes(4 << 20))
    with pytest.raises(DiskFullError, match="The disk is full"):
        Turn.take(small_disk / "turn")
    (small_disk / "other").unlink()
    Turn.take(small_disk / "turn")
    assert len(Turn.present(small_disk / "turn").token) == 32 and Turn.present(small_disk / "turn") != earlier


def test_a_disk_that_may_only_be_read_is_told(image: Array, small_disk: Path) -> None:
    assert not mounted("-o", "remount,ro", small_disk)
    with pytest.raises((DacapoError, OSError), match="Read-only file system"):
        predict(small_disk, image)


def test_an_image_that_goes_away_is_no_image_of_zeros(image: Array, tmp_path: Path) -> None:
    shutil.move(tmp_path / "raw.zarr", tmp_path / "elsewhere")
    with pytest.raises(BlocksError, match=r"27 of 27 blocks failed .* it is gone since it was opened"):
        predict(tmp_path, image)
    assert finished(tmp_path) == 0
    shutil.move(tmp_path / "elsewhere", tmp_path / "raw.zarr")
    assert predict(tmp_path, image) == 27
    np.testing.assert_array_equal(whole(tmp_path), image.read((0,) * 3, (SIDE,) * 3))


def test_flipped_bytes_of_a_finished_block_are_told_with_their_file(image: Array, tmp_path: Path) -> None:
    predict(tmp_path, image)
    folder = tmp_path / "prediction.zarr" / "0"
    file = folder / "c/0/1/2/0"
    data = bytearray(file.read_bytes())
    data[1000] ^= 4
    file.write_bytes(data)
    stored, everything = open_own(tmp_path / "prediction.zarr"), (slice(None), *(slice(0, SIDE),) * 3)
    with pytest.raises(UserInputError, match=r"c/0/1/2/0'?: it is damaged\. Delete that file"):
        read_written(stored, folder, everything)
    others = (slice(None), slice(0, BLOCK), slice(0, SIDE), slice(0, SIDE))
    np.testing.assert_array_equal(
        read_written(stored, folder, others)[0], image.read((0,) * 3, (BLOCK, SIDE, SIDE))
    )
