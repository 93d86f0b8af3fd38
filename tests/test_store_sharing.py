"""Several threads, windows and processes save into one store, and nothing is lost."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from store_records import FAMILIES, PROCESSES, Ball, Brick, Shape, filled

from napari_dacapo.errors import StoreError
from napari_dacapo.files import locked
from napari_dacapo.store import storage
from napari_dacapo.store import store as store_module
from napari_dacapo.store.store import Store

SAVES = 100


def save_many(path: str, who: str) -> None:
    store = Store(Path(path))
    for number in range(SAVES):
        store.save(Shape, f"{who}-{number}", Ball(radius=number))


def assert_nothing_lost(path: Path, writers: int) -> None:
    documents = Store(path).export_json()["records"]["Shape"]
    radii = {found["name"]: found["record"]["radius"] for found in documents.values()}
    assert radii == {f"w{writer}-{number}": number for writer in range(writers) for number in range(SAVES)}
    assert len(documents) == writers * SAVES  # ids are unique
    assert Store(path).revision == writers * SAVES


@pytest.mark.parametrize("run", range(3))
def test_two_processes_lose_nothing(tmp_path, run):
    path = tmp_path / "store.json"
    processes = [PROCESSES.Process(target=save_many, args=(str(path), f"w{number}")) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert_nothing_lost(path, 2)


def test_four_threads_of_one_store_lose_nothing(tmp_path):
    path = tmp_path / "store.json"
    threads = [threading.Thread(target=save_many, args=(str(path), f"w{who}")) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_nothing_lost(path, 4)


def test_alternating_windows_see_each_other(tmp_path):
    one, two = Store(tmp_path / "store.json"), Store(tmp_path / "store.json")
    for number in range(30):
        writer, reader = (one, two) if number % 2 else (two, one)
        writer.save(Shape, "shared", Ball(radius=number), overwrite=True)
        assert reader.read(Shape, "shared") == Ball(radius=number)
        assert reader.revision == number + 1


def change_unseen(store: Store, age: float) -> None:
    """Another process changes a's radius to 7 in one tick of the clock: file, size, time are the same."""
    when = time.time() - age
    os.utime(store.path, (when, when))
    assert store.read(Shape, "a") == Ball(radius=1)
    before = store.path.stat()
    store.path.write_bytes(store.path.read_bytes().replace(b'"radius": 1', b'"radius": 7'))
    os.utime(store.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.path.stat().st_size == before.st_size


def test_a_store_that_appears_while_it_is_opened_is_not_damaged(tmp_path, monkeypatch):
    path = tmp_path / "store.json"
    read = storage._bytes

    def saved_meanwhile(there: Path) -> bytes | None:
        """Nothing was there; another window saves the very first record before anything else is asked."""
        monkeypatch.setattr(storage, "_bytes", read)
        Store(there).save(Shape, "first", Ball(radius=1))
        return None

    monkeypatch.setattr(storage, "_bytes", saved_meanwhile)
    assert Store(path).names(Shape) == ("first",)


def test_two_changes_within_one_tick_of_the_clock_are_both_seen(store):
    change_unseen(store, age=-60)  # a time to come is never taken for settled
    assert store.read(Shape, "a") == Ball(radius=7)


def test_a_save_begins_with_what_the_file_holds_whatever_was_read_before(store):
    change_unseen(store, age=60)
    store.save(Shape, "b", Brick())
    assert store.read(Shape, "a") == Ball(radius=7)


def test_a_reader_never_sees_half_a_change(tmp_path):
    store = filled(tmp_path / "store.json", a=0, b=0)
    ended = threading.Event()
    wrong = []

    def read() -> None:
        while not ended.is_set():
            documents = Store(store.path).export_json()["records"]["Shape"].values()
            if len({found["record"]["radius"] for found in documents}) != 1:
                wrong.append(documents)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, 60):
        exported = store.export_json()
        for found in exported["records"]["Shape"].values():
            found["record"]["radius"] = number
        store.import_json(exported, families=FAMILIES, overwrite=True)
    ended.set()
    thread.join()
    assert wrong == []


def hold(path: str, connection) -> None:
    """The process that is in the middle of a save until it is ended."""
    with locked(Path(path)):
        connection.send("held")
        time.sleep(60)


@pytest.fixture
def store(tmp_path):
    return filled(tmp_path / "store.json", a=1)


@pytest.fixture
def holder(store):
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=hold, args=(str(store.path), sender))
    process.start()
    assert receiver.recv() == "held"
    yield process
    process.kill()
    process.join()


def test_the_save_after_a_killed_one_does_not_wait(store, holder, monkeypatch):
    holder.kill()
    holder.join()
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
        store.save(Shape, "b", Brick())


def test_a_save_beside_a_hung_one_says_which_process_to_end(store, holder, monkeypatch):
    assert store_module.LOCK_SECONDS < 5
    monkeypatch.setattr(store_module, "LOCK_SECONDS", 0.2)
    os.kill(holder.pid, signal.SIGSTOP)
    before = store.path.read_bytes()
    with pytest.raises(StoreError, match=f"process {holder.pid} on {socket.gethostname()}"):
        store.save(Shape, "b", Brick())
    assert store.path.read_bytes() == before
    assert store.read(Shape, "a") == Ball(radius=1)  # reading goes on
