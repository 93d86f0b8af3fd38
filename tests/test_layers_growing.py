"""An image that is looked at while it is written."""

from pathlib import Path

import numpy as np
import pytest

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.finished import Finished
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.layers.growing import Growing, Stages
from napari_dacapo.layers.growing_channels import GrowingChannels
from napari_dacapo.layers.layer import pyramid
from napari_dacapo.layers.pixels import Pixels

SHAPE, BLOCK = (8, 8), (4, 4)
VALUES = 1 + np.arange(64, dtype=np.uint8).reshape(SHAPE)
FIRST, LAST = Block((0, 0), BLOCK), Block((4, 4), BLOCK)
STAGES = Stages(("writing",), ("mending",), "image level ", BLOCK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """All is written at the finest level, nothing at the two coarser ones; no block is told as finished."""
    path = tmp_path / "image.zarr"
    world = {"voxel_size": (1.0, 1.0), "offset": (0.0, 0.0), "unit": "voxel"}
    shapes = [(4, 4), (2, 2)]
    image = {"axes": "yx", "shape": SHAPE, "dtype": np.uint8, "chunks": (2, 2), "shards": BLOCK}
    create_ome_zarr(path, **image, **world, coarser=shapes)[...] = VALUES
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.jsonl", {}, {})


@pytest.fixture
def image(path: Path, ledger: Ledger) -> Growing:
    return Growing(pyramid(File(path=str(path)), Path()), STAGES, Finished(ledger.path))


def seen(image: Growing, level: int = 0) -> np.ndarray:
    """After looking, reading, and looking again, as a window does."""
    pixels = Pixels(image.levels[level])
    pixels[...]
    image.read(60)
    return np.asarray(pixels[...])


def only(*blocks: Block) -> np.ndarray:
    shown = np.zeros_like(VALUES)
    for block in blocks:
        shown[block.slices] = VALUES[block.slices]
    return shown


def test_what_is_not_finished_is_empty_although_it_is_there(image: Growing, ledger: Ledger) -> None:
    assert not seen(image).any()
    ledger.finish("writing", LAST)
    np.testing.assert_array_equal(seen(image), only(LAST))
    ledger.finish("writing", FIRST)
    np.testing.assert_array_equal(seen(image), only(FIRST, LAST))


def test_looking_reads_nothing(image: Growing, ledger: Ledger, path: Path) -> None:
    ledger.finish("writing", FIRST)
    assert not Pixels(image.levels[0])[...].any() and image.is_behind
    assert image.read(60) and not image.is_behind
    assert not image.read(60)  # there is nothing new


def test_a_part_is_what_the_whole_has_there(image: Growing, ledger: Ledger) -> None:
    ledger.finish("writing", FIRST)
    seen(image)
    np.testing.assert_array_equal(Pixels(image.levels[0])[1:7, 3], only(FIRST)[1:7, 3])


@pytest.mark.parametrize(("level", "step"), [(1, 2), (2, 4)])
def test_coarser_levels_grow_before_they_are_written(
    image: Growing, ledger: Ledger, level: int, step: int
) -> None:
    for blocks in ((FIRST,), (FIRST, LAST)):
        ledger.finish("writing", blocks[-1])
        np.testing.assert_array_equal(seen(image, level), only(*blocks)[::step, ::step])


def test_a_coarser_level_that_is_written_is_read(image: Growing, ledger: Ledger, path: Path) -> None:
    for block in Grid(SHAPE, BLOCK).blocks():
        ledger.finish("writing", block)
    open_own(path, 1)[...] = 7
    ledger.finish("image level 1", FIRST)
    assert (seen(image, 1) == 7).all()


def test_what_is_written_again_is_read_again(image: Growing, ledger: Ledger, path: Path) -> None:
    ledger.finish("writing", FIRST)
    seen(image)
    open_own(path)[:4, :4] = 9
    np.testing.assert_array_equal(seen(image), only(FIRST))
    ledger.finish("mending", FIRST)
    assert (seen(image)[:4, :4] == 9).all() and (seen(image, 2)[0, 0] == 9).all()


def test_a_read_ends_in_time_and_the_next_goes_on(image: Growing, ledger: Ledger) -> None:
    ledger.finish("writing", FIRST)
    Pixels(image.levels[0])[...]
    assert image.read(-1) and image.is_behind
    np.testing.assert_array_equal(seen(image), only(FIRST))


def test_the_coarsest_level_is_one_array_that_changes(image: Growing, ledger: Ledger) -> None:
    kept = np.asarray(Pixels(image.levels[2]))  # as napari does for images in 2D
    ledger.finish("writing", LAST)
    image.read(60)
    np.testing.assert_array_equal(kept, [[0, 0], [0, VALUES[4, 4]]])


def test_a_new_start_forgets_what_was_there(image: Growing, ledger: Ledger) -> None:
    ledger.finish("writing", FIRST)
    seen(image)
    ledger.path.unlink()
    Ledger.open(ledger.path, {"another": 1}, {}).finish("writing", LAST)
    np.testing.assert_array_equal(seen(image), only(LAST))


def test_of_several_channels_the_one_that_is_looked_at_grows(tmp_path: Path, ledger: Ledger) -> None:
    world = {"voxel_size": (1.0, 1.0), "offset": (0.0, 0.0), "unit": "voxel"}
    stored = {
        "axes": "cyx",
        "shape": (2, *SHAPE),
        "dtype": np.uint8,
        "chunks": (1, 2, 2),
        "shards": (2, *BLOCK),
    }
    array = create_ome_zarr(tmp_path / "channels.zarr", **stored, **world, coarser=[(2, 4, 4)])
    array[...] = np.stack([VALUES, VALUES + 100])
    levels = pyramid(File(path=str(tmp_path / "channels.zarr"), axes="cyx"), Path())
    image = GrowingChannels(levels, STAGES, Finished(ledger.path))
    ledger.finish("writing", FIRST)
    finest, coarser = (Pixels(level) for level in image.levels)
    assert not finest[1].any() and not coarser[1].any() and image.is_behind
    assert image.read(60) and not image.is_behind
    np.testing.assert_array_equal(finest[1], np.where(only(FIRST), VALUES + 100, 0))
    np.testing.assert_array_equal(coarser[1], np.where(only(FIRST), VALUES + 100, 0)[::2, ::2])
    assert not finest[0].any() and image.is_behind  # the slider was moved
    assert image.read(60)
    np.testing.assert_array_equal(finest[0], only(FIRST))


def test_a_block_that_is_lost_meanwhile_is_empty(image: Growing, ledger: Ledger, path: Path) -> None:
    ledger.finish("writing", FIRST)
    next(each for each in (path / "0").rglob("0") if each.is_file()).write_bytes(b"torn")
    assert not seen(image).any()


def test_half_a_line_is_read_when_it_is_whole(ledger: Ledger) -> None:
    finished = Finished(ledger.path)
    line = '{"stage": "writing", "block": [4, 4]}\n'
    for part in (line[:20], line[20:]):
        with ledger.path.open("a") as file:
            file.write(part)
        finished.look()
    assert finished.entries == [("writing", (4, 4))] and finished.of("writing") == {(4, 4)}
