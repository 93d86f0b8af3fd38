"""Whatever ends a save, the power, a kill or the disk: the store is as before it or as after it."""

import errno
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from store_faults import FailingDisk, PowerCutError
from store_records import PROCESSES, Ball, Brick, Shape, Trial, bulk, filled, state

from napari_dacapo.errors import DiskFullError, StoreError
from napari_dacapo.store import migrations
from napari_dacapo.store.store import Store


def double(tables):
    """A migration: balls were measured by half their radius."""
    for found in tables["Shape"].values():
        found["record"]["radius"] *= 2
    return tables


CHANGES = {
    "insert": lambda store: store.save(Shape, "new", Brick()),
    "update": lambda store: store.save(Shape, "a", Brick(), overwrite=True),
    "remove": lambda store: store.delete(Shape, "b"),
    "rename": lambda store: store.rename(Shape, "a", "alpha"),
    "migrate": lambda store: store.save(Shape, "new", Ball(radius=5)),
    "first": lambda store: store.save(Shape, "new", Brick()),
    "restore": lambda store: store.restore_backup(),
}


@pytest.fixture(params=CHANGES)
def change(request, tmp_path, monkeypatch):
    """A change with the store before it, and the state of the records before and after it."""
    path = tmp_path / "now" / "store.json"
    if request.param != "first":
        store = filled(path, a=1, b=2, c=3, d=4)
        store.save(Trial, "first", Trial(), made_from={"shape": "a"})
    if request.param == "migrate":
        monkeypatch.setattr(migrations, "MIGRATIONS", (double,))
    old = state(path)
    if request.param == "restore":
        path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "now").mkdir(exist_ok=True)
    shutil.copytree(tmp_path / "now", tmp_path / "before")
    CHANGES[request.param](Store(path))
    new = state(path)
    reset(tmp_path)
    if request.param == "restore":
        old = None  # it cannot be read
    return SimpleNamespace(name=request.param, folder=tmp_path, path=path, old=old, new=new)


def reset(folder: Path) -> None:
    shutil.rmtree(folder / "now")
    shutil.copytree(folder / "before", folder / "now")


def apply(name: str, path: Path) -> None:
    CHANGES[name](Store(path))


def seen(change):
    """The state a fresh window reads; nothing where the store still waits to be restored."""
    try:
        return state(change.path)
    except StoreError:
        return None


def number_of_calls(monkeypatch, change) -> int:
    with monkeypatch.context() as patch:
        calls = FailingDisk(patch).calls
        apply(change.name, change.path)
    reset(change.folder)
    assert len(calls) >= 8
    return len(calls)


def assert_usable(change) -> None:
    """The next change works, and nothing but stale files of ours is left over."""
    if change.name == "restore" and seen(change) is None:
        Store(change.path).restore_backup()
    Store(change.path).save(Trial, "afterwards", Trial())
    assert "Trial/afterwards" in state(change.path)


def test_a_power_cut_at_any_call_leaves_the_old_or_the_new_records(change, monkeypatch):
    for point in range(number_of_calls(monkeypatch, change)):
        with monkeypatch.context() as patch, pytest.raises(PowerCutError):
            FailingDisk(patch, at=point, fault="cut")
            apply(change.name, change.path)
        assert seen(change) in (change.old, change.new), f"call {point}"
        assert_usable(change)
        reset(change.folder)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_an_error_at_any_call_is_reported_or_the_change_is_there(change, monkeypatch, fault, lasting):
    reported = 0
    for point in range(number_of_calls(monkeypatch, change)):
        failure = None
        with monkeypatch.context() as patch:
            FailingDisk(patch, at=point, fault=fault, lasting=lasting)
            try:
                apply(change.name, change.path)
            except (StoreError, DiskFullError) as error:
                failure = error
        if failure is None:
            assert seen(change) == change.new, f"call {point}"
        else:
            assert isinstance(failure, DiskFullError) == (fault == errno.ENOSPC)
            assert str(change.folder) in str(failure)
            assert seen(change) in (change.old, change.new), f"call {point}"
            reported += 1
        assert_usable(change)
        reset(change.folder)
    assert reported >= 4


def apply_until_killed(name: str, path: str, point: int) -> None:
    if name == "migrate":
        migrations.MIGRATIONS = (double,)
    patch = SimpleNamespace(setattr=setattr)
    FailingDisk(patch, at=point, fault="kill")
    apply(name, Path(path))


def test_a_kill_at_any_call_leaves_the_old_or_the_new_records_and_a_free_lock(change, monkeypatch):
    for point in range(number_of_calls(monkeypatch, change)):
        process = PROCESSES.Process(target=apply_until_killed, args=(change.name, str(change.path), point))
        process.start()
        process.join()
        assert process.exitcode == -9
        assert seen(change) in (change.old, change.new), f"call {point}"
        assert_usable(change)
        reset(change.folder)


class Workload:
    """An endless series of changes, the same for the same seed and the same records to begin with."""

    def __init__(self, seed: int, radii: dict[str, int]) -> None:
        self.draw = random.Random(seed)
        self.radii = dict(radii)

    def step(self):
        """The next change, made to `radii` already; what to call does it to a store."""
        name, radius = self.draw.choice(sorted(self.radii)), self.draw.randrange(10**6)
        fresh = f"n{radius}-{len(self.radii)}"
        match self.draw.choice(["insert", "update", "delete", "rename"]):
            case "insert":
                self.radii[fresh] = radius
                return lambda store: store.save(Shape, fresh, Ball(radius=radius))
            case "delete":
                del self.radii[name]
                return lambda store: store.delete(Shape, name)
            case "rename":
                self.radii[fresh] = self.radii.pop(name)
                return lambda store: store.rename(Shape, name, fresh)
        self.radii[name] = radius
        return lambda store: store.save(Shape, name, Ball(radius=radius), overwrite=True)


def radii_of(path: Path) -> dict[str, int]:
    return {key.removeprefix("Shape/"): record["radius"] for key, (record, _) in state(path).items()}


def change_without_end(path: str, seed: int, connection) -> None:
    """The process that is killed: says how many changes it has made."""
    store, workload = Store(Path(path)), Workload(seed, radii_of(Path(path)))
    done = 0
    while True:
        workload.step()(store)
        done += 1
        connection.send(done)


def kill_while_changing(path: Path, seed: int, seconds: float) -> int:
    """How many changes were surely made."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=change_without_end, args=(str(path), seed, sender))
    process.start()
    sender.close()
    acknowledged = receiver.recv()
    time.sleep(seconds)
    process.kill()
    process.join()
    try:
        while receiver.poll():
            acknowledged = receiver.recv()
    except EOFError:
        pass
    return acknowledged


@pytest.mark.parametrize(("records", "kills"), [(20, 50), (200, 30), (2000, 20)])
def test_of_100_kills_none_loses_a_change_that_was_acknowledged(tmp_path, records, kills):
    path = tmp_path / "store.json"
    bulk(path, records)
    draw = random.Random(records)
    radii = radii_of(path)
    for seed in range(kills):
        acknowledged = kill_while_changing(path, seed, draw.uniform(0, 0.05))
        workload = Workload(seed, radii)
        for _ in range(acknowledged):
            workload.step()
        radii = radii_of(path)
        if radii != workload.radii:
            workload.step()  # it was made, but the kill came before the word of it
        assert radii == workload.radii
    assert len(list(tmp_path.glob("store.json.backup-*"))) <= 4


def order_of_calls(path: Path, monkeypatch) -> list[tuple[str, str]]:
    with monkeypatch.context() as patch:
        calls = FailingDisk(patch).calls
        Store(path).save(Shape, "new", Brick())
    return [(name, target.name) for name, target in calls]


def test_the_records_are_on_the_disk_before_the_file_has_its_name(tmp_path, monkeypatch):
    calls = order_of_calls(filled(tmp_path / "store.json", a=1).path, monkeypatch)
    replaced = calls.index(("replace", "store.json"))
    temporary = calls[replaced - 1][1]
    assert temporary.startswith(".napari-dacapo-")
    assert calls[replaced - 3 : replaced + 2] == [
        ("open", temporary),
        ("write", temporary),
        ("fsync", temporary),
        ("replace", "store.json"),
        ("fsync", tmp_path.name),
    ]
    assert calls.index(("replace", "store.json.backup-000000001")) < replaced


TRACED = """
import sys
from pathlib import Path
from store_records import Brick, Shape, filled
filled(Path(sys.argv[1]), a=1).save(Shape, "new", Brick())
"""


def can_trace() -> bool:
    strace = shutil.which("strace")
    if strace is None:
        return False
    return subprocess.run([strace, "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_trace(), reason="strace is not installed or not permitted")
def test_the_system_sees_the_file_synced_then_renamed_then_the_folder_synced(tmp_path):
    log, path = tmp_path / "log", tmp_path / "store.json"
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2"
    command = ["strace", "-f", "-y", "-e", calls, "-o", str(log), sys.executable, "-c", TRACED, str(path)]
    paths = [str(Path(__file__).parent), *sys.path]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    lines = [line for line in log.read_text().splitlines() if "sync(" in line or "rename" in line]
    renamed = max(number for number, line in enumerate(lines) if line.rstrip(" =0").endswith('store.json")'))
    temporary = re.search(r'"([^"]*/\.napari-dacapo-[^"]*)"', lines[renamed])[1]
    assert Path(temporary).parent == tmp_path
    assert f"<{temporary}>" in lines[renamed - 1]
    assert "fsync(" in lines[renamed - 1]
    assert f"<{tmp_path}>" in lines[renamed + 1]
    assert "fsync(" in lines[renamed + 1]
