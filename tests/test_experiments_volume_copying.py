"""An image that lies in planes is copied into tiles first, so that no plane is decoded for every block."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import pytest
import tiny
import zarr
from cheap_workers import local_workers

from napari_dacapo.arrays import wide_chunks
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import Percentile
from napari_dacapo.blockwise.copying import CopySlab, create_copy, with_copy
from napari_dacapo.blockwise.grid import Block, Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.clusters.scheduler import Scheduler
from napari_dacapo.errors import BlocksError, ImageChangedError
from napari_dacapo.experiments.applying import volume as volume_module
from napari_dacapo.experiments.applying.apply import apply, prepare
from napari_dacapo.experiments.applying.estimate import estimate, measure_pace
from napari_dacapo.experiments.applying.volume import Volume
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Predicted, Step, Worked
from napari_dacapo.files import TEMPORARY

SHAPE = (24, 60, 60)
SLABS = 3  # of 8 planes
BLOCKS = 2 * 4 * 4  # of 16 voxels a side


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run trained for one iteration, and a folder of 24 slices."""
    folder = tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=1)
    (folder.root / "slices").mkdir()
    for number, plane in enumerate(tiny.cells(SHAPE, 3)[0]):
        imageio.imwrite(folder.root / "slices" / f"{number}.png", plane)
    return folder


@pytest.fixture(scope="module")
def read_directly(trained: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    output = tmp_path_factory.mktemp("directly") / "applied"
    assert not any(isinstance(step, Worked) and step.what == "copying" for step in steps(trained, output))
    return prediction(output)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if planes were 2048 voxels wide."""
    monkeypatch.setattr(wide_chunks, "TILE", {2: 8, 3: 8})
    monkeypatch.setattr(wide_chunks, "TILE_VOXELS", 8**3)
    monkeypatch.setattr(wide_chunks, "WIDE", 2)


def wanted(trained: RunFolder, output: Path, **options: Any) -> Wanted:
    return Wanted(
        trained,
        File(path="slices", voxel_size=(8.0,) * 3, unit="nm"),
        output,
        device="cpu",
        only_predict=True,
        **options,
    )


def steps(trained: RunFolder, output: Path, **options: Any) -> Iterator[Step]:
    return apply(wanted(trained, output, **options))


def prepared(trained: RunFolder, output: Path, **options: Any) -> Volume:
    preparing = prepare(wanted(trained, output, **options))
    while True:
        try:
            next(preparing)
        except StopIteration as done:
            volume: Volume = done.value
            return volume


def prediction(output: Path) -> np.ndarray:
    return zarr.open_array(str(output / "prediction.zarr" / "0"), mode="r")[:]


def copied(found: list[Step]) -> list[int]:
    return [step.done for step in found if isinstance(step, Worked) and step.what == "copying"]


def predicted(found: list[Step]) -> list[int]:
    return [step.done for step in found if isinstance(step, Predicted)]


@pytest.mark.usefixtures("small_tiles")
def test_every_plane_is_copied_once_and_nothing_of_it_stays(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path
) -> None:
    found = list(steps(trained, tmp_path / "applied"))
    assert copied(found) == list(range(1, SLABS + 1)) and predicted(found) == list(range(1, BLOCKS + 1))
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)
    assert not list((tmp_path / "applied" / ".blocks").glob("*.zarr"))


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("taken", [1, 2, SLABS, SLABS + 5])
def test_stopped_anywhere_it_goes_on(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path, taken: int
) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        for _ in range(taken):
            next(begun)
    rest = list(steps(trained, tmp_path / "applied"))
    assert copied(rest) == list(range(min(taken, SLABS) + 1, SLABS + 1))
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)


@pytest.mark.usefixtures("small_tiles")
def test_where_the_copy_is_lost_it_is_made_again(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path
) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(step for step in begun if isinstance(step, Predicted))
    copy = tmp_path / "applied" / ".blocks" / "image.zarr"
    copy.rename(tmp_path / "elsewhere")
    assert copied(list(steps(trained, tmp_path / "applied"))) == list(range(1, SLABS + 1))
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)


@pytest.mark.usefixtures("small_tiles")
def test_a_damaged_copy_is_told_and_without_that_file_the_image_is_read(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path
) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(step for step in begun if isinstance(step, Predicted))
    slab = tmp_path / "applied" / ".blocks" / "image.zarr" / "0" / "c" / "2" / "0" / "0"
    slab.write_bytes(slab.read_bytes()[:-50])
    with pytest.raises(BlocksError, match=r"image.zarr.*it is damaged"):
        list(steps(trained, tmp_path / "applied"))
    slab.unlink()
    list(steps(trained, tmp_path / "applied"))
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)


@pytest.mark.usefixtures("small_tiles")
def test_only_what_is_read_is_copied(trained: RunFolder, tmp_path: Path) -> None:
    part = Box((0.0, 0.0, 0.0), (16.0, 480.0, 480.0))
    volume = prepared(trained, tmp_path / "applied", box=part)
    told = estimate(volume)
    assert told.copied == 2 * 8 * 60 * 60  # the network sees 8 voxels beyond the 2
    assert told.seconds(measure_pace(volume)) > 0
    assert copied(list(steps(trained, tmp_path / "applied", box=part))) == [1, 2]


@pytest.mark.usefixtures("small_tiles")
def test_of_planes_that_are_wider_than_the_part_only_that_is_kept(trained: RunFolder, tmp_path: Path) -> None:
    part = Box((0.0, 240.0, 160.0), (192.0, 480.0, 320.0))  # voxels 30 to 60, and 20 to 40
    output, seen = tmp_path / "applied", (slice(None), slice(22, 60), slice(12, 48))
    assert estimate(prepared(trained, output, box=part)).disk == 24 * (38 * 36 + 30 * 20 * 4 * 2)
    with closing(steps(trained, output, box=part)) as begun:  # type: ignore[type-var]
        next(step for step in begun if isinstance(step, Predicted))
    copy = zarr.open_array(str(output / ".blocks" / "image.zarr" / "0"), mode="r")[:]
    image = File(path="slices").open(trained.root).read((0, 0, 0), SHAPE)
    np.testing.assert_array_equal(copy[seen], image[seen])
    copy[seen] = 0
    assert not copy.any()


@pytest.mark.usefixtures("small_tiles")
def test_where_a_block_is_lost_only_what_it_reads_is_copied_again(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path
) -> None:
    list(steps(trained, tmp_path / "applied"))
    (tmp_path / "applied" / "prediction.zarr" / "0" / "c" / "0" / "1" / "2" / "3").unlink()
    found = list(steps(trained, tmp_path / "applied"))  # of planes 16 to 24 the block sees 8 before
    assert copied(found) == [1, 2] and predicted(found) == [BLOCKS]
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)


@pytest.mark.usefixtures("small_tiles")
def test_what_is_copied_is_told_before(trained: RunFolder, tmp_path: Path) -> None:
    told = estimate(prepared(trained, tmp_path / "applied"))
    assert told.copied == np.prod(SHAPE)
    assert told.disk == np.prod(SHAPE) * (1 + 4 * 2)
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(begun)
    assert estimate(prepared(trained, tmp_path / "applied")).copied == np.prod(SHAPE) - 8 * 60 * 60
    list(steps(trained, tmp_path / "applied"))
    assert estimate(prepared(trained, tmp_path / "applied")).copied == 0


@pytest.mark.usefixtures("small_tiles")
def test_an_image_that_is_written_to_while_it_is_copied_is_told(trained: RunFolder, tmp_path: Path) -> None:
    begun = steps(trained, tmp_path / "applied")
    next(begun)
    first = trained.root / "slices" / "0.png"
    whole = first.read_bytes()
    try:
        imageio.imwrite(trained.root / "slices" / "24.png", np.zeros(SHAPE[1:], np.uint8))
        with pytest.raises(ImageChangedError):
            list(begun)
    finally:
        (trained.root / "slices" / "24.png").unlink()
        first.write_bytes(whole)


@pytest.mark.usefixtures("small_tiles")
def test_what_a_killed_process_left_of_a_copy_goes(trained: RunFolder, tmp_path: Path) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(begun)
    blocks = tmp_path / "applied" / ".blocks"
    (blocks / f"{TEMPORARY}7-a" / "0").mkdir(parents=True)  # while it was deleted
    (blocks / "image.zarr" / "zarr.json").write_bytes(b"")  # the power was cut
    assert copied(list(steps(trained, tmp_path / "applied"))) == [1, 2, 3]
    assert {path.name.partition(".")[0] for path in blocks.iterdir()} == {"ledger"}


@pytest.mark.usefixtures("small_tiles")
def test_a_copy_is_not_taken_for_that_of_what_is_begun_anew(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(begun)
    monkeypatch.setattr(volume_module, "delete_own", killed)
    with pytest.raises(KeyboardInterrupt):
        next(apply(wanted(trained, tmp_path / "applied"), replace=True))
    assert not (tmp_path / "applied" / ".blocks" / "image.zarr").exists()


@pytest.mark.usefixtures("small_tiles")
def test_slabs_are_forgotten_before_there_is_a_new_copy(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(begun)
    shutil.rmtree(tmp_path / "applied" / ".blocks" / "image.zarr")
    monkeypatch.setattr(volume_module, "create_copy", killed)
    with pytest.raises(KeyboardInterrupt):
        next(steps(trained, tmp_path / "applied"))
    assert not Ledger.read(tmp_path / "applied" / ".blocks" / "ledger.jsonl").finished("copying")


def killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("small_tiles")
def test_workers_copy_and_read_the_copy(
    trained: RunFolder, read_directly: np.ndarray, tmp_path: Path
) -> None:
    with local_workers(1) as client:
        cluster = Scheduler(address=client.scheduler.address)
        found = list(apply(wanted(trained, tmp_path / "applied"), cluster))
    assert copied(found) == list(range(1, SLABS + 1))
    np.testing.assert_array_equal(prediction(tmp_path / "applied"), read_directly)


def test_a_normalisation_measures_the_same_on_a_copy(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 200, (2, 30, 50, 40)).astype(np.uint8)
    image = from_numpy(data, "czyx", (1.0,) * 3)
    create_copy(tmp_path / "copy.zarr", image, (16, 64, 64), Block((0, 0, 0), image.spatial_shape))
    slabs = list(Grid(image.spatial_shape, (16, 64, 64)).blocks())
    CopySlab(lambda: image, tmp_path / "copy.zarr")(slabs[0])
    copy = with_copy(image, tmp_path / "copy.zarr")
    part = Block((10, 0, 5), (15, 40, 20))  # half of it is not copied
    expected = Percentile().apply(image).read(part.start, part.shape)
    np.testing.assert_array_equal(Percentile().apply(copy).read(part.start, part.shape), expected)
    (tmp_path / "copy.zarr" / "0" / "c" / "0" / "0" / "0" / "0").write_bytes(b"torn")  # it is truly read
    with pytest.raises(Exception, match="damaged"):
        copy.read((0, 0, 0), (5, 5, 5))
