"""Files are written whole or not at all, locks name their holder, JSON is read guarded."""

import errno
import os
import re
import signal
import socket
import threading
import time
import unicodedata
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_faults import FailingDisk
from store_records import PROCESSES

from napari_dacapo import files
from napari_dacapo.errors import DiskFullError, StoreError
from napari_dacapo.files import (
    JsonError,
    append_line,
    atomic_write,
    locked,
    make_folder,
    parse_json,
    read_json,
    slug,
    sweep,
)


def test_a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.json"
    atomic_write(path, b"old and long")
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]


def test_the_data_are_on_the_disk_before_the_name_and_the_name_before_it_returns(monkeypatch, tmp_path):
    path = tmp_path / "a.json"
    with monkeypatch.context() as patch:
        calls = FailingDisk(patch).calls
        atomic_write(path, b"data")
    (opened, temporary), *rest = calls
    assert opened == "open"
    assert temporary.parent == tmp_path
    assert temporary.name.startswith(files.TEMPORARY)
    assert rest == [("write", temporary), ("fsync", temporary), ("replace", path), ("fsync", tmp_path)]


def test_a_write_the_system_cuts_short_is_completed(monkeypatch, tmp_path):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:3]))
    atomic_write(tmp_path / "a", b"0123456789")
    append_line(tmp_path / "b", "0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert (tmp_path / "b").read_bytes() == b"0123456789\n"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_with_what_is_needed_and_free(monkeypatch, tmp_path, error):
    path = tmp_path / "a.json"
    atomic_write(path, b"old")
    with monkeypatch.context() as patch, pytest.raises(DiskFullError) as caught:
        FailingDisk(patch, at=1, fault=error)
        atomic_write(path, b"12345")
    assert (caught.value.path, caught.value.needed) == (path, 5)
    assert caught.value.free > 0
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_another_error_leaves_the_old_file_and_nothing_beside_it(monkeypatch, tmp_path):
    path = tmp_path / "a.json"
    atomic_write(path, b"old")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output error"):
        FailingDisk(patch, at=3, fault=errno.EIO)
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_replacement_that_is_refused_for_a_moment_is_tried_again(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "REPLACE_TRIES", 2)
    with monkeypatch.context() as patch:
        FailingDisk(patch, at=3, fault=errno.EACCES)
        atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("umask", "before", "after"),
    [(0o022, None, 0o644), (0o077, None, 0o600), (0o022, 0o600, 0o600), (0o077, 0o644, 0o600)],
)
def test_permissions_follow_the_umask_and_are_never_widened(tmp_path, umask, before, after):
    path = tmp_path / "a"
    if before is not None:
        path.touch()
        path.chmod(before)
    old = os.umask(umask)
    try:
        atomic_write(path, b"")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == after


def test_lines_are_added_at_the_end(tmp_path):
    append_line(tmp_path / "a", "één")
    append_line(tmp_path / "a", "two")
    assert (tmp_path / "a").read_bytes() == "één\ntwo\n".encode()


@pytest.mark.parametrize("torn", ["whole\nto", "t", "whole\n", ""])
def test_a_torn_line_stays_a_line_of_its_own(tmp_path, torn):
    (tmp_path / "a").write_text(torn)
    append_line(tmp_path / "a", "next")
    assert (tmp_path / "a").read_text().splitlines() == [*torn.splitlines(), "next"]


def test_a_line_behind_one_the_full_disk_cut_is_whole(monkeypatch, tmp_path):
    write, left = os.write, [3]

    def filling(descriptor, data):
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, bytes(data)[: left.pop()])

    with monkeypatch.context() as patch, pytest.raises(DiskFullError):
        patch.setattr(os, "write", filling)
        append_line(tmp_path / "a", "first")
    append_line(tmp_path / "a", "second")
    assert (tmp_path / "a").read_bytes() == b"fir\nsecond\n"


def test_a_line_is_one_write(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        calls = FailingDisk(patch).calls
        append_line(tmp_path / "a", "line")
    assert [name for name, _ in calls] == ["open", "write"]


@pytest.mark.parametrize(("error", "raised"), [(errno.ENOSPC, DiskFullError), (errno.EIO, OSError)])
def test_a_line_that_cannot_be_written_is_reported(monkeypatch, tmp_path, error, raised):
    with monkeypatch.context() as patch, pytest.raises(raised):
        FailingDisk(patch, at=1, fault=error)
        append_line(tmp_path / "a", "line")
    append_line(tmp_path / "a", "next")
    assert (tmp_path / "a").read_bytes() == b"next\n"


def test_every_new_folder_is_durable_before_the_next_one_is_made_in_it(monkeypatch, tmp_path):
    deepest = tmp_path / "a" / "b"
    with monkeypatch.context() as patch:
        calls = FailingDisk(patch).calls
        make_folder(deepest)
        make_folder(deepest)
    one = tmp_path / "a"
    assert calls == [("mkdir", one), ("fsync", tmp_path), ("mkdir", deepest), ("fsync", one)]


def test_a_folder_cannot_be_made_inside_a_file(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        make_folder(tmp_path / "a" / "b")


def test_only_old_unfinished_files_of_ours_are_swept(tmp_path):
    old, new, foreign = (tmp_path / name for name in (".napari-dacapo-1-a", ".napari-dacapo-2-b", "old"))
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (0, time.time() - 2 * 3600))
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [new.name, "old"]


@pytest.mark.parametrize("between_processes", [True, False])
def test_a_lock_keeps_other_threads_out(tmp_path, monkeypatch, between_processes):
    inside, most = [], []
    if not between_processes:  # some network drives know no locks
        monkeypatch.setattr(files, "FileLock", Mock())

    def enter():
        with locked(tmp_path / "a"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_a_thread_that_waits_too_long_is_told_who_holds_the_lock(tmp_path):
    said = []

    def wait():
        try:
            with locked(tmp_path / "a", timeout=0.1):
                said.append("entered")
        except StoreError as error:
            said.append(str(error))

    with locked(tmp_path / "a"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert f"process {os.getpid()} on {socket.gethostname()}" in said[0]
    assert "more than 0.1 seconds" in said[0]


def hold(path: str, connection) -> None:
    """The process that holds a lock until it is ended."""
    with locked(Path(path)):
        connection.send("held")
        time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path/a."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=hold, args=(str(tmp_path / "a"), sender))
    process.start()
    assert receiver.recv() == "held"
    yield process
    process.kill()
    process.join()


def test_a_lock_is_free_when_its_holder_was_killed(holder, tmp_path):
    holder.kill()
    holder.join()
    with locked(tmp_path / "a", timeout=0):
        pass


def test_a_stopped_holder_is_named_by_process_and_machine(holder, tmp_path):
    os.kill(holder.pid, signal.SIGSTOP)
    who = re.escape(f"process {holder.pid} on {socket.gethostname()}")
    with pytest.raises(StoreError, match=who), locked(tmp_path / "a", timeout=0.2):
        pass


def test_a_lock_works_where_its_holder_cannot_sign(monkeypatch, tmp_path):
    (tmp_path / "a.holder").mkdir()
    with (
        locked(tmp_path / "a"),
        pytest.raises(StoreError, match="another program"),
        locked(tmp_path / "a", 0),
    ):
        pass


def test_json_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b'\xef\xbb\xbf{"a":\r\n [1, null]}\r\n')
    assert read_json(tmp_path / "a") == {"a": [1, None]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\0\0\0", "NUL"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b'{"a": 1', "line 1, column 8"),
        (b"{} {}", "extra data"),
        (b"[\xff]", "byte 1 is not UTF-8"),
        (b"9" * 5000, "thousands of digits"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
    ],
)
def test_json_that_we_would_not_write_is_refused_with_the_reason(data, reason):
    with pytest.raises(JsonError, match=reason):
        parse_json(data)


def test_json_may_be_64_levels_deep_and_no_longer_than_the_limit(tmp_path):
    deepest = b"[" * 64 + b"]" * 64
    (tmp_path / "a").write_bytes(deepest)
    assert read_json(tmp_path / "a", max_bytes=128)
    with pytest.raises(JsonError, match="larger"):
        read_json(tmp_path / "a", max_bytes=127)


@pytest.mark.parametrize(
    ("name", "readable"),
    [("U-Net ä/b", "u-net-a-b"), ("../..", "x"), ("细胞", "x"), ("CON", "con"), ("", "x")],
)
def test_a_slug_is_readable_and_ends_with_a_hash(name, readable):
    assert slug(name)[:-11] == readable
    assert len(slug(name)) == len(readable) + 11


@given(st.sets(st.text(st.characters(codec="utf-8"), max_size=120), min_size=2, max_size=40))
def test_slugs_fit_every_file_system_and_do_not_clash(names):
    names = {unicodedata.normalize("NFC", name) for name in names}
    slugs = {slug(name) for name in names}
    assert len(slugs) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", found) and len(found) <= 60 for found in slugs)


def test_names_that_differ_in_case_or_ending_have_other_slugs():
    names = ["unet", "UNet", "unet.", "unet ", "UNET", "x" * 100, "x" * 101]
    assert len({slug(name) for name in names}) == len(names)
