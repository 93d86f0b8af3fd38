"""An image of any size: stopped, killed or failing at any moment, it ends as if nothing had happened."""

import errno
import json
import os
import random
import shutil
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import tiny
import zarr
from cli_process import Forker

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import own_attributes, write_ome_zarr
from napari_dacapo.blockwise import durable
from napari_dacapo.clusters.local_workers import LocalWorkers
from napari_dacapo.clusters.scheduler import Scheduler
from napari_dacapo.errors import BlocksError, DiskFullError, ImageChangedError, StoreError, UserInputError
from napari_dacapo.experiments.applying import volume
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.volume import holds_results
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, Notice, Predicted, Step, Worked
from napari_dacapo.files import locked

PARAMETERS = {"bias": 0.25, "foreground": 0.2, "min_size": 20}
LARGE = "large-raw.zarr"  # 40 voxels along each axis: 27 blocks of 16


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A workspace as the command line has it, with a run trained for three iterations."""
    folder = tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=3)
    tiny.dataset(folder.root, "large", (40, 40, 40), 2)
    return folder


@pytest.fixture(scope="module")
def uninterrupted(trained: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("uninterrupted") / "applied"
    for _ in steps(trained, output):
        pass
    return output


def steps(trained: RunFolder, output: Path, **options: Any) -> Iterator[Step]:
    return steps_of(trained, File(path=str(trained.root / LARGE)), output, **options)


def steps_of(trained: RunFolder, image: File | Array, output: Path, **options: Any) -> Iterator[Step]:
    how = {name: options.pop(name) for name in ("cluster", "replace", "segment_again") if name in options}
    given: dict[str, Any] = {"parameters": PARAMETERS, "device": "cpu"}
    return apply(Wanted(trained, image, output, **(given | options)), **how)


def written(output: Path) -> dict[str, bytes]:
    """Every file of both images."""
    images = [output / name for name in ("prediction.zarr", "segmentation.zarr")]
    files = (file for image in images for file in image.rglob("*") if file.is_file())
    return {str(file.relative_to(output)): file.read_bytes() for file in files}


def voxels(output: Path, name: str) -> np.ndarray:
    return zarr.open_array(str(output / f"{name}.zarr" / "0"), mode="r")[:]


def predicted(found: list[Step]) -> list[int]:
    return [step.done for step in found if isinstance(step, Predicted)]


def test_every_block_of_every_step_is_told(trained: RunFolder, tmp_path: Path) -> None:
    *found, last = steps(trained, tmp_path / "applied")
    assert predicted(found) == list(range(1, 28))
    worked = {step.what: step.of for step in found if isinstance(step, Worked)}
    assert worked == dict.fromkeys(("segmenting", "joining", "numbering", "joining holes"), 1)
    assert isinstance(last, Applied) and dict(last.parameters) == PARAMETERS
    assert not (tmp_path / "applied" / ".blocks" / "work").exists()


def test_what_is_finished_is_not_done_again(trained: RunFolder, uninterrupted: Path) -> None:
    before = written(uninterrupted)
    (only,) = steps(trained, uninterrupted)
    assert isinstance(only, Applied) and written(uninterrupted) == before


@pytest.mark.parametrize("taken", [1, 10, 27, 28, 30])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, taken: int
) -> None:
    output = tmp_path / "applied"
    with closing(steps(trained, output)) as begun:  # type: ignore[type-var]
        for _ in range(taken):
            next(begun)
    rest = predicted(list(steps(trained, output)))
    assert rest == list(range(min(taken, 27) + 1, 28))
    assert written(output) == written(uninterrupted)


def test_killed_again_and_again_it_ends_with_the_same_bytes(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path
) -> None:
    output, log, patience = tmp_path / "applied", tmp_path / "log.txt", 0.2
    words = ["--workspace", trained.root, "apply", "run", trained.root / LARGE, output]
    words += [word for name, value in PARAMETERS.items() for word in ("--set", f"{name}={value}")]
    forker, code, kills, dice = Forker(), -signal.SIGKILL, 0, random.Random(0)
    try:
        while code == -signal.SIGKILL:
            process = forker.start(log, *words, "--device", "cpu")
            time.sleep(patience * dice.random())
            patience *= 1.6  # so that it ends on any machine
            os.kill(process, signal.SIGKILL)  # nothing happens to one that has ended: nobody awaited it yet
            code = forker.wait(process)
            kills += code == -signal.SIGKILL
    finally:
        forker.close()
    assert code == 0, log.read_text()
    assert kills >= 3
    assert written(output) == written(uninterrupted)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"parameters": PARAMETERS | {"bias": 0.5}}, "parameters {'bias': 0.25"),
        (
            {"box": Box((0.0,) * 3, (160.0,) * 3)},
            "box [[0, 0, 0], [40, 40, 40]], now [[0, 0, 0], [20, 20, 20]]",
        ),
        ({"dtype": "uint8"}, "dtype 'float16', now 'uint8'"),
    ],
)
def test_another_job_in_its_folder_is_refused_with_what_differs(
    trained: RunFolder, uninterrupted: Path, options: dict[str, Any], told: str
) -> None:
    before = written(uninterrupted)
    with pytest.raises(UserInputError) as caught:
        list(steps(trained, uninterrupted, **options))
    assert told in str(caught.value) and len(str(caught.value)) <= 300
    assert written(uninterrupted) == before


def test_what_the_ledger_says_of_a_job_is_what_it_always_said(
    trained: RunFolder, uninterrupted: Path
) -> None:
    """Else nothing that was begun could be gone on with."""
    header = json.loads((uninterrupted / ".blocks" / "ledger.jsonl").read_text().partition("\n")[0])
    name, run = str(trained.root / LARGE), trained.saved_run()
    middle = run.datasplit.normalization.apply(File(path=name).open()).read((4,) * 3, (32,) * 3)
    assert header["job"] == {
        "run": run.identity,
        "iteration": 3,
        "postprocessor": tiny.TASK.postprocessor.to_json(),
        "parameters": PARAMETERS,
        "image": [name, 40, 40, 40, 8.0, 8.0, 8.0, 0.0, 0.0, 0.0],
        "voxels": zlib.crc32(middle.tobytes()),
        "box": [[0, 0, 0], [40, 40, 40]],
        "dtype": "float16",
        "mask": None,
        "segmenter": None,
        "ome_zarr": "0.5",
        "weights": Checkpoints(trained.checkpoints, run.identity).weights_of(3)[:16],
    }


def test_another_run_of_the_same_network_and_task_is_another_job(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path
) -> None:
    other = tiny.trained(tmp_path / "other", iterations=3, repetition=1)
    assert other.saved_run().identity == trained.saved_run().identity
    with pytest.raises(UserInputError, match="weights"):
        list(steps_of(other, File(path=str(trained.root / LARGE)), uninterrupted))


def test_an_image_whose_voxels_changed_is_another_job(trained: RunFolder, tmp_path: Path) -> None:
    image = from_numpy(np.zeros((20, 20, 20), np.uint8), "zyx", (8.0,) * 3, name="layer")
    list(steps_of(trained, image, tmp_path / "applied"))
    changed = from_numpy(np.ones((20, 20, 20), np.uint8), "zyx", (8.0,) * 3, name="layer")
    with pytest.raises(UserInputError, match="voxels"):
        list(steps_of(trained, changed, tmp_path / "applied"))


@pytest.fixture
def mine(trained: RunFolder, tmp_path: Path) -> File:
    """A copy of the image that may be changed."""
    shutil.copytree(trained.root / LARGE, tmp_path / LARGE)
    return File(path=str(tmp_path / LARGE))


@pytest.mark.parametrize(
    ("shape", "offset", "low", "told"),
    [
        ((40, 40, 36), (0.0,) * 3, 0, "shape [40, 40, 40], now [40, 40, 36]"),
        ((40, 40, 40), (8.0,) * 3, 0, "offset [0.0, 0.0, 0.0], now [8.0, 8.0, 8.0]"),
        ((40, 40, 40), (0.0,) * 3, 200, "other values in its voxels"),
    ],
)
def test_an_image_that_changed_since_is_told_and_finished_blocks_are_kept(
    trained: RunFolder, tmp_path: Path, mine: File, shape: Any, offset: Any, low: int, told: str
) -> None:
    output = tmp_path / "applied"
    with closing(steps_of(trained, mine, output)) as begun:  # type: ignore[type-var]
        next(begun)
    before, path = written(output), Path(mine.path)
    voxels = zarr.open_array(path / "0", mode="r")[...][:, :, : shape[2]]
    shutil.rmtree(path)
    values = np.maximum(np.asarray(voxels), low)
    write_ome_zarr(path, values, axes="zyx", voxel_size=(8.0,) * 3, offset=offset, unit="nm")
    with pytest.raises(ImageChangedError) as caught:
        list(steps_of(trained, mine, output))
    assert f"it changed since it was begun: {told}" in str(caught.value)
    assert len(str(caught.value)) <= 300 and written(output) == before


def test_an_image_that_was_only_written_again_is_a_notice(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, mine: File
) -> None:
    output = tmp_path / "applied"
    with closing(steps_of(trained, mine, output)) as begun:  # type: ignore[type-var]
        next(begun)
    os.utime(Path(mine.path) / "0" / "zarr.json")
    first, *_ = rest = list(steps_of(trained, mine, output))
    assert isinstance(first, Notice) and "was written to, or copied" in first.text
    assert predicted(rest) == list(range(2, 28))


def test_an_image_that_goes_away_while_it_is_read_ends_the_work_and_brought_back_it_goes_on(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, mine: File
) -> None:
    output, path = tmp_path / "applied", Path(mine.path)
    begun = steps_of(trained, mine, output)
    found = [next(begun)]
    path.rename(path.with_name("away.zarr"))  # chunks that are not there would be read as zeros
    told = "moved or deleted while it was read|it is gone since it was opened"  # whichever is seen first
    with pytest.raises((ImageChangedError, BlocksError), match=told):
        found.extend(begun)
    path.with_name("away.zarr").rename(path)
    rest = predicted(list(steps_of(trained, mine, output)))
    assert len(rest) == 27 - len(predicted(found))
    for name in ("prediction", "segmentation"):
        np.testing.assert_array_equal(voxels(output, name), voxels(uninterrupted, name))


def test_results_are_replaced_where_that_is_wished(trained: RunFolder, tmp_path: Path) -> None:
    output, small = tmp_path / "applied", Box((0.0,) * 3, (80.0,) * 3)
    list(steps(trained, output))
    assert holds_results(output)
    with closing(steps(trained, output, box=small, replace=True)) as begun:  # type: ignore[type-var]
        next(begun)
    assert not holds_results(output)
    list(steps(trained, output, box=small))
    assert holds_results(output) and voxels(output, "segmentation").shape == (10, 10, 10)


@pytest.mark.parametrize("name", ["prediction", "segmentation"])
def test_a_block_whose_file_was_lost_is_made_again(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "applied"
    list(steps(trained, output))
    next(file for file in (output / f"{name}.zarr" / "0" / "c").rglob("*") if file.is_file()).unlink()
    list(steps(trained, output))
    assert written(output) == written(uninterrupted)


def test_results_that_were_deleted_are_made_again(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path
) -> None:
    output = tmp_path / "applied"
    list(steps(trained, output))
    for name in ("segmentation", "prediction"):
        shutil.rmtree(output / f"{name}.zarr")
        list(steps(trained, output))
        assert written(output) == written(uninterrupted)


def test_ended_while_it_takes_up_other_parameters_nothing_of_the_old_ones_stays(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = PARAMETERS | {"bias": 0.5}
    list(steps(trained, tmp_path / "fresh", parameters=other))
    list(steps(trained, tmp_path / "again"))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(volume, "delete_own", interrupted)
        list(steps(trained, tmp_path / "again", parameters=other, segment_again=True))
    list(steps(trained, tmp_path / "again", parameters=other))
    segmentations = [
        {name: data for name, data in written(tmp_path / output).items() if "segmentation" in name}
        for output in ("fresh", "again")
    ]
    assert segmentations[0] == segmentations[1]


def interrupted(path: Path) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("lost", ["parts.zarr/0/c/0/0/0", "parts/0.npz", "ids", "."])
def test_where_something_between_two_steps_was_lost_it_is_segmented_again(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, lost: str
) -> None:
    output = tmp_path / "applied"
    with closing(steps(trained, output)) as begun:  # type: ignore[type-var]
        next(step for step in begun if isinstance(step, Worked) and step.what == "numbering")
    place = output / ".blocks" / "work" / lost
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    again = list(steps(trained, output))
    assert written(output) == written(uninterrupted) and not predicted(again)


def test_another_time_point_is_another_job(trained: RunFolder, tmp_path: Path) -> None:
    film = np.zeros((2, 8, 8, 8), np.uint8)
    tifffile.imwrite(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TZYX"})
    first = File(path=str(tmp_path / "film.tif"))
    for image in (first, first):
        list(steps_of(trained, image, tmp_path / "applied"))
    with pytest.raises(UserInputError, match="time of the image none, now 1"):
        list(steps_of(trained, first.replace(time=1), tmp_path / "applied"))


@pytest.mark.parametrize("name", ["prediction", "segmentation"])
def test_a_lost_file_of_a_coarser_level_is_made_again(trained: RunFolder, tmp_path: Path, name: str) -> None:
    output = tmp_path / "applied"
    long = from_numpy(tiny.cells((132, 8, 8), 3)[0], "zyx", (8.0,) * 3, unit="nm", name="long")
    list(steps_of(trained, long, output))
    before = written(output)
    (output / f"{name}.zarr" / "1" / "c" / "0/0/0/0"[-5 if name == "segmentation" else 0 :]).unlink()
    again = list(steps_of(trained, long, output))
    assert written(output) == before and not predicted(again)


def test_two_processes_do_not_write_one_output(trained: RunFolder, tmp_path: Path) -> None:
    blocks = tmp_path / "applied" / ".blocks"
    with closing(steps(trained, tmp_path / "applied")) as begun:  # type: ignore[type-var]
        next(begun)
        with pytest.raises(StoreError, match=r"in use by process \d+"):
            list(steps(trained, tmp_path / "applied"))
    with locked(blocks / "ledger.jsonl"):
        pass


def test_a_damaged_chunk_costs_its_blocks_only_and_mended_they_are_done(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path
) -> None:
    chunk = next(file for file in (trained.root / LARGE / "0").rglob("0") if file.is_file())
    whole, output = chunk.read_bytes(), tmp_path / "applied"
    begun = steps(trained, output)
    found = [next(begun)]  # the image is read once before
    chunk.write_bytes(whole[: len(whole) // 2])
    try:
        with pytest.raises(BlocksError, match=r"blocks failed \(predicting\).*cannot be read"):
            found.extend(begun)
    finally:
        chunk.write_bytes(whole)
    rest = predicted(list(steps(trained, output)))
    assert len(rest) == 27 - len(predicted(found))
    assert written(output) == written(uninterrupted)


def test_a_disk_that_fills_up_is_told_and_with_room_it_goes_on(
    trained: RunFolder, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, room, sync = tmp_path / "applied", 5, durable.sync_folder

    def full(path: Path) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(path)

    monkeypatch.setattr(durable, "sync_folder", full)
    with pytest.raises(DiskFullError):
        list(steps(trained, output))
    monkeypatch.setattr(durable, "sync_folder", sync)
    assert 22 <= len(predicted(list(steps(trained, output)))) <= 27
    assert written(output) == written(uninterrupted)


def test_bytes_are_within_half_a_step_and_say_what_they_mean(trained: RunFolder, tmp_path: Path) -> None:
    exact, coarse = tmp_path / "float32", tmp_path / "uint8"
    list(steps(trained, exact, dtype="float32"))
    list(steps(trained, coarse, dtype="uint8"))
    difference = np.abs(voxels(coarse, "prediction") / 255 - voxels(exact, "prediction"))
    assert difference.max() <= 1 / 510 + 1e-6
    about = own_attributes(coarse / "prediction.zarr")
    assert about is not None and about["stored"] == {"low": 0.0, "high": 1.0}
    assert about["iteration"] == 3 and about["version"] and "parameters" not in about


def test_killed_before_anything_was_written_it_begins(trained: RunFolder, tmp_path: Path) -> None:
    blocks = tmp_path / "applied" / ".blocks"
    blocks.mkdir(parents=True)
    with locked(blocks / "ledger.jsonl"):
        pass
    assert isinstance(list(steps(trained, tmp_path / "applied"))[-1], Applied)


def test_results_of_no_known_job_are_refused(trained: RunFolder, uninterrupted: Path, tmp_path: Path) -> None:
    output = tmp_path / "applied"
    output.mkdir()
    (uninterrupted / "prediction.zarr").rename(output / "prediction.zarr")
    try:
        with pytest.raises(UserInputError, match="without a list of finished blocks"):
            list(steps(trained, output))
    finally:
        (output / "prediction.zarr").rename(uninterrupted / "prediction.zarr")


@pytest.mark.enable_socket
def test_processes_give_the_same_bytes(trained: RunFolder, uninterrupted: Path, tmp_path: Path) -> None:
    list(steps(trained, tmp_path / "applied", cluster=LocalWorkers(workers=2)))
    assert written(tmp_path / "applied") == written(uninterrupted)


@pytest.mark.enable_socket
def test_an_image_in_memory_is_not_sent_to_other_processes(trained: RunFolder, tmp_path: Path) -> None:
    image = from_numpy(np.zeros((20, 20, 20), np.uint8), "zyx", (8.0,) * 3, name="layer")
    with pytest.raises(UserInputError, match="other processes cannot read it"):
        list(steps_of(trained, image, tmp_path / "applied", cluster=LocalWorkers(workers=1)))


def test_a_scheduler_that_is_not_there_is_told(trained: RunFolder, tmp_path: Path) -> None:
    nowhere = Scheduler(address=str(tmp_path / "scheduler.json"))
    with pytest.raises(UserInputError, match="there is no such file"):
        list(steps(trained, tmp_path / "applied", cluster=nowhere))


def test_the_ledger_counts_every_block(uninterrupted: Path) -> None:
    ledger = uninterrupted / ".blocks" / "ledger.jsonl"
    lines = ledger.read_text().splitlines()
    assert len(lines) == 1 + 27 + 4 + 4  # the job, predicted, four steps of one block, four of no block
