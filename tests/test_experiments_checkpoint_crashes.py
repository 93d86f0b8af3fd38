"""Whatever ends a save, the power, a kill or the disk, a checkpoint that was saved before can be loaded."""

import errno
import multiprocessing
import os
import random
import resource
import shutil
import time
from pathlib import Path

import pytest
import torch
from checkpoint_states import state

from napari_dacapo.errors import CheckpointError, DiskFullError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints

torch.set_num_threads(1)

PRIMITIVES = ("mkdir", "write", "fsync", "replace", "unlink", "rmdir")
PARTS = ["checkpoint.json", "training", "weights"]
BIG = 13_000_000  # float32 numbers: 52 MB


@pytest.fixture
def checkpoints(tmp_path):
    """Iterations 1 to 4; the first is the best."""
    found = Checkpoints(tmp_path / "checkpoints", "identity")
    for iteration in range(1, 5):
        found.save(state(iteration))
    found.mark_best("voi", 1, 0.5)
    return found


class PowerCut(BaseException):
    """Ends everything at once."""


class Disk:
    """Counts what is asked of the file system, and fails from one call on or at that call only."""

    def __init__(self, monkeypatch, fail_at=None, error=None):
        self.calls = []
        self.fail_at = fail_at
        self.error = error
        for name in PRIMITIVES:
            monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name, call):
        def watched(target, *rest, **options):
            path = Path(os.readlink(f"/proc/self/fd/{target}")) if isinstance(target, int) else Path(target)
            self.calls.append((name, path, *map(Path, rest[: name == "replace"])))
            number = len(self.calls) - 1
            if self.fail_at is not None and number >= self.fail_at:
                if self.error is None:
                    raise PowerCut
                if number == self.fail_at:
                    raise OSError(self.error, os.strerror(self.error))
            return call(target, *rest, **options)

        return watched


def save_mark_and_rotate(checkpoints):
    checkpoints.save(state(5))
    checkpoints.mark_best("voi", 5, 0.25)
    checkpoints.rotate()


def calls_of(monkeypatch, act):
    with monkeypatch.context() as patch:
        disk = Disk(patch)
        act()
    return disk.calls


def test_a_file_is_on_the_disk_before_its_name_and_the_manifest_comes_last(monkeypatch, tmp_path):
    folder = tmp_path / "run" / "checkpoints" / "000000001"
    calls = calls_of(monkeypatch, lambda: Checkpoints(folder.parent, "").save(state(1)))
    names = [call[0] for call in calls]
    assert names[:6] == ["mkdir", "fsync"] * 3
    assert [call[1] for call in calls[1:6:2]] == [tmp_path, tmp_path / "run", folder.parent]
    assert names[6:] == ["write", "fsync", "replace", "fsync"] * 3
    for at in (6, 10, 14):
        (_, written), (_, synced), (_, temporary, final), (_, named_in) = calls[at : at + 4]
        assert written == synced == temporary
        assert temporary.parent == final.parent == named_in == folder
    assert calls[16][2] == folder / "checkpoint.json"


def test_rotation_deletes_after_the_new_one_stands_and_manifests_first(monkeypatch, checkpoints):
    calls = calls_of(monkeypatch, lambda: save_mark_and_rotate(checkpoints))
    deleted = [call[1] for call in calls if call[0] == "unlink"]
    first_delete = next(number for number, call in enumerate(calls) if call[0] == "unlink")
    last_replace = max(number for number, call in enumerate(calls) if call[0] == "replace")
    assert first_delete > last_replace
    assert [path.name for path in deleted[::3]] == ["checkpoint.json"] * 2
    assert {path.parent.name for path in deleted} == {"000000001", "000000002"}


def test_a_power_cut_at_any_point_leaves_a_whole_checkpoint(monkeypatch, checkpoints, tmp_path):
    before = shutil.copytree(checkpoints.folder, tmp_path / "before")
    points = len(calls_of(monkeypatch, lambda: save_mark_and_rotate(checkpoints)))
    assert points > 20
    for point in range(points):
        shutil.rmtree(checkpoints.folder)
        shutil.copytree(before, checkpoints.folder)
        with monkeypatch.context() as patch, pytest.raises(PowerCut):
            Disk(patch, fail_at=point)
            save_mark_and_rotate(Checkpoints(checkpoints.folder, "identity"))
        after = Checkpoints(checkpoints.folder, "identity")
        loaded = after.load()
        assert loaded.state.iteration in (4, 5)
        assert loaded.note == ""
        best = after.load_best("voi").state.iteration
        assert best in (1, 5)
        save_mark_and_rotate(after)
        assert [entry.iteration for entry in after.list()] == [3, 4, 5]
        assert len(list(after.folder.rglob("*"))) == 3 * 4 + 1


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES])
def test_an_error_at_any_step_of_a_save_leaves_the_old_one_and_no_rest(monkeypatch, checkpoints, error):
    new = checkpoints.folder / "000000005"
    steps = len(calls_of(monkeypatch, lambda: checkpoints.save(state(5))))
    shutil.rmtree(new)
    for step in range(steps):
        with monkeypatch.context() as patch, pytest.raises((DiskFullError, CheckpointError)) as caught:
            Disk(patch, fail_at=step, error=error)
            checkpoints.save(state(5))
        assert isinstance(caught.value, CheckpointError) == (error in (errno.EIO, errno.EACCES))
        assert str(checkpoints.folder) in str(caught.value)
        assert "bytes" in str(caught.value)
        assert "are free" in str(caught.value)
        assert checkpoints.load().state.iteration in (4, 5)  # 5 where only its folder's name is unsure
        shutil.rmtree(new, ignore_errors=True)


@pytest.mark.parametrize("limit", [100, 1000, 2000])
def test_a_file_size_limit_of_the_system_leaves_the_old_one(checkpoints, limit):
    big = {"weights": torch.arange(450.0)}  # weights of 1.9 kB, a manifest of 0.7 kB
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(DiskFullError) as caught:
            checkpoints.save(state(5, weights=big, extra={"notes": "x" * 2000}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.needed > 100
    assert caught.value.path.is_relative_to(checkpoints.folder)
    assert checkpoints.load().state.iteration == 4
    assert not (checkpoints.folder / "000000005").exists()


def test_less_than_twice_the_room_is_refused_before_writing(monkeypatch, checkpoints):
    needed = sum(file.stat().st_size for file in (checkpoints.folder / "000000004").iterdir())
    for free in (2 * needed - 1, 2 * needed):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: shutil._ntuple_diskusage(0, 0, free))
        if free == 2 * needed:
            checkpoints.save(state(5))
            continue
        with pytest.raises(DiskFullError) as caught:
            checkpoints.save(state(5))
        assert (caught.value.needed, caught.value.free) == (2 * needed, free)
        assert not (checkpoints.folder / "000000005").exists()


def save_without_end(folder, connection):
    """The process that is killed: says which iteration it begins and which it has saved."""
    torch.set_num_threads(1)
    checkpoints = Checkpoints(Path(folder), "identity")
    iteration = checkpoints.list()[-1].iteration
    weights = torch.zeros(BIG)
    connection.send(iteration)
    while True:
        iteration += 1
        weights[:] = iteration
        checkpoints.save(state(iteration, weights={"body": weights}))
        checkpoints.rotate()
        connection.send(iteration)


def test_of_30_kills_while_saving_52_megabytes_none_loses_a_checkpoint(tmp_path):
    folder = tmp_path / "checkpoints"
    Checkpoints(folder, "identity").save(state(0, weights={"body": torch.zeros(BIG)}))
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__, "safetensors.torch"])
    draw = random.Random(0)
    cut_short = 0
    for _ in range(30):
        saved, before = kill_while_saving(server, folder, draw.uniform(0.02, 0.4))
        after = Checkpoints(folder, "identity")
        loaded = after.load()
        iteration = loaded.state.iteration
        assert loaded.note == ""
        assert iteration in (saved, saved + 1)
        assert torch.all(loaded.state.weights["body"] == iteration)
        incomplete = [path for path in folder.iterdir() if not (path / "checkpoint.json").exists()]
        temporary = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".safetensors"]
        assert len(incomplete) <= 1
        assert len(temporary) - len(after.list()) <= 1
        cut_short += len(incomplete)
        assert iteration >= before
    assert cut_short >= 5  # the kills did fall into saves
    Checkpoints(folder, "identity").save(state(10_000))
    assert all(
        (path / "checkpoint.json").exists() and len(list(path.iterdir())) == 3 for path in folder.iterdir()
    )


def kill_while_saving(server, folder, seconds):
    """The last iteration that was surely saved, and the one before this process."""
    before = Checkpoints(folder, "identity").list()[-1].iteration
    receiver, sender = server.Pipe(duplex=False)
    process = server.Process(target=save_without_end, args=(str(folder), sender))
    process.start()
    sender.close()
    saved = receiver.recv()  # it is about to save for the first time
    time.sleep(seconds)
    process.kill()
    process.join()
    while receiver.poll():
        try:
            saved = receiver.recv()
        except EOFError:
            break
    return saved, before
