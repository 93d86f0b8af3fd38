"""Writing files so that nothing is ever half written, locks between processes, guarded JSON."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import threading
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from filelock import FileLock, Timeout

from napari_dacapo.errors import DiskFullError, StoreError

TEMPORARY = ".napari-dacapo-"  # how the names of our unfinished files begin
STALE_SECONDS = 3600.0
IN_USE = f"{TEMPORARY}in-use"  # locked in an unfinished folder while somebody fills it
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BINARY = getattr(os, "O_BINARY", 0)  # Windows turns line ends otherwise
REPLACE_TRIES = 20 if os.name == "nt" else 1  # Windows refuses while a reader has the old file open

UNZIPPABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError)  # of damage
LARGEST_JSON = 64 << 20  # bytes
DEEPEST_JSON = 64

_thread_locks: dict[Path, threading.Lock] = {}
_thread_locks_guard = threading.Lock()


class JsonError(ValueError):
    """Bytes that are not the JSON we write; the text says why, to be completed by who reads them."""


def atomic_write(path: Path, data: bytes, temporary: Path | None = None) -> None:
    """Replace the file by `data` as a whole, durably: after a crash it is the old one or the new one.

    It is written under the name `temporary`, in the same folder, until it is complete. The permissions of an
    existing file are never widened. Raises DiskFullError where there is no room, OSError where the folder
    cannot be written; the old file is untouched in both cases.
    """
    temporary = temporary or temporary_beside(path)
    try:
        _write_through(temporary, data, _mode(path))
        _replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise_if_full(error, path, len(data))
        raise
    sync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Add one line in a single write; a crash may tear the last line, never an earlier one.

    A torn line is ended first, so that it stays a line of its own. Raises as `atomic_write`.
    """
    data = f"{line}\n".encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o666)
    try:
        _write_all(descriptor, data if _ends_whole(descriptor) else b"\n" + data)
    except OSError as error:
        raise_if_full(error, path, len(data))
        raise
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, timeout: float = 5.0) -> Iterator[None]:
    """Keep other threads and processes from what `path` stands for, a file beside which the lock lies.

    It is free again the moment its holder ends, however that ends. A thread that holds it must not ask
    for it again. Raises StoreError naming process and machine of the holder where it is not free in
    time, OSError where the folder cannot be written.
    """
    lock_path = path.with_name(f"{path.name}.lock")
    began = time.monotonic()
    with _thread_lock(lock_path, timeout):
        left = max(0.0, timeout - (time.monotonic() - began))
        lock = FileLock(lock_path, timeout=left, thread_local=False)  # any thread may give it back
        try:
            lock.acquire(poll_interval=0.01)
        except Timeout:
            raise _held(lock_path, timeout) from None
        try:
            _sign(lock_path)
            yield
        finally:
            lock.release()


def read_json(path: Path, max_bytes: int = LARGEST_JSON, max_depth: int = DEEPEST_JSON) -> Any:
    """The file's content, as `parse_json`. Raises JsonError, or OSError where it cannot be read."""
    with path.open("rb") as file:
        return parse_json(file.read(max_bytes + 1), max_bytes, max_depth)


def parse_json(data: bytes, max_bytes: int = LARGEST_JSON, max_depth: int = DEEPEST_JSON) -> Any:
    """Dicts, lists, texts and numbers; a byte order mark is skipped.

    Raises JsonError on anything that is not strict JSON (NaN, the same key twice), too long or too deep.
    """
    if len(data) > max_bytes:
        raise JsonError(f"it is larger than {max_bytes / (1 << 20):g} MiB")
    if not data.strip(b"\0 \t\r\n"):
        raise JsonError("it is empty" if not data.strip(b" \t\r\n") else "it holds NUL bytes only")
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg.lower()} in line {error.lineno}, column {error.colno}") from None
    except JsonError:
        raise
    except ValueError:
        raise JsonError("it holds a number with thousands of digits") from None
    except RecursionError:
        raise JsonError(f"it is nested deeper than {max_depth} levels") from None
    if _deeper(value, max_depth):
        raise JsonError(f"it is nested deeper than {max_depth} levels")
    return value


def is_whole_zip(file: Path | BinaryIO) -> bool:
    """Whether every part of a zip has the checksum that it tells; false also of what is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except (*UNZIPPABLE, RuntimeError, ValueError):
        return False


def slug(name: str) -> str:
    """A folder name for any label: readable, at most 60 bytes, the same everywhere, never the same twice.

    "U-Net ä/b" gives "u-net-a-b-" and ten hexadecimal digits of its hash.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-") or "x"
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{readable}-{digest[:10]}"


def temporary_beside(path: Path) -> Path:
    """A name no file has, in the same folder; `sweep` deletes what a crash leaves under it."""
    return path.with_name(f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}")


def sweep(folder: Path) -> None:
    """Delete unfinished files of ours that a crash left an hour ago or earlier."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if time.time() - leftover.lstat().st_mtime > STALE_SECONDS:
                leftover.unlink()


@contextmanager
def replaced_folder(path: Path, needed: int = 0) -> Iterator[Path]:
    """A new folder that takes the place of `path` at the end; if anything fails, all is as it was.

    Whoever calls knows that what lies at `path` may be deleted. Raises DiskFullError where there is no
    room, for the message `needed` bytes, and OSError where the folder around it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_folders(path.parent)
    temporary = temporary_beside(path)
    try:
        temporary.mkdir()
        with _in_use(temporary):
            yield temporary
        _take_place(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise_if_full(error, path, needed)
        raise


def sweep_folders(folder: Path) -> None:
    """Delete unfinished folders of ours that a crash left and nobody has written in for an hour.

    One that somebody still fills stays, however long the next write takes.
    """
    for leftover in folder.glob(f"{TEMPORARY}*"):
        if leftover.is_symlink() or not leftover.is_dir():
            continue
        with suppress(OSError):
            newest = max(each.lstat().st_mtime for each in (leftover, *leftover.rglob("*")))
            if time.time() - newest > STALE_SECONDS and not _is_in_use(leftover):
                shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """Says so to those who sweep, on disks that know locks; the mark is gone when the folder is complete."""
    lock = FileLock(folder / IN_USE, timeout=0, thread_local=False)
    with suppress(NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
        (folder / IN_USE).unlink(missing_ok=True)


def _is_in_use(folder: Path) -> bool:
    if not (folder / IN_USE).exists():
        return False
    lock = FileLock(folder / IN_USE, timeout=0)
    try:
        lock.acquire()
    except (Timeout, NotImplementedError):
        return True
    lock.release()
    return False


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each name safe from a power cut before it is used."""
    if folder.is_dir():
        return
    if folder.parent != folder:  # a drive that is not there has none above it
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Make what was written to a file durable."""
    descriptor = os.open(path, os.O_RDWR | BINARY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names of the files in it durable; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def raise_if_full(error: OSError, path: Path, needed: int) -> None:
    """Raise DiskFullError where that is what the error means."""
    if error.errno in DISK_IS_FULL:
        raise DiskFullError(path, needed, shutil.disk_usage(path.parent).free) from error


def _mode(path: Path) -> int:
    """Who may read a new file; the umask takes from it, nothing adds to it."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o666


def _write_through(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
    try:
        _write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _ends_whole(descriptor: int) -> bool:
    """Whether the last line has its end; true of an empty file."""
    size = os.fstat(descriptor).st_size
    if not size:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _replace(temporary: Path, path: Path) -> None:
    for left in reversed(range(REPLACE_TRIES)):
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(0.02)


def _take_place(new: Path, path: Path) -> None:
    """What was at `path` is deleted when the new one is there."""
    if not path.exists():
        os.rename(new, path)
        return
    old = temporary_beside(path)
    os.rename(path, old)
    try:
        os.rename(new, path)
    except OSError:
        os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _thread_lock(lock_path: Path, timeout: float) -> Iterator[None]:
    with _thread_locks_guard:
        lock = _thread_locks.setdefault(lock_path.absolute(), threading.Lock())
    if not lock.acquire(timeout=timeout):
        raise _held(lock_path, timeout)
    try:
        yield
    finally:
        lock.release()


def _sign(lock_path: Path) -> None:
    """Leave who holds the lock for the message of those who wait; the lock holds without it, too."""
    with suppress(OSError):
        descriptor = os.open(lock_path.with_suffix(".holder"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        finally:
            os.close(descriptor)


def _held(lock_path: Path, timeout: float) -> StoreError:
    who = ""
    with suppress(OSError):
        who = lock_path.with_suffix(".holder").read_bytes()[:100].decode("utf-8", "replace")
    return StoreError(
        f"{lock_path.with_suffix('')} has been in use by {who or 'another program'} for more than "
        f"{timeout:g} seconds. Close that program or try again; nothing was changed."
    )


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise JsonError(f"the key {twice[:40]!r} is there twice")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise JsonError(f"{text} is not a number JSON knows")


def _deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
