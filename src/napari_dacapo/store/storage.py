"""How TinyDB's tables lie in one file that no crash can damage."""

from pathlib import Path
from typing import Any, cast

from tinydb.storages import Storage

from napari_dacapo.errors import StoreError
from napari_dacapo.files import atomic_write, sweep
from napari_dacapo.store.backups import Backups, bounded_bytes
from napari_dacapo.store.content import Content, DamagedStoreError, Tables


class AtomicStorage(Storage):
    """The file as it is when this is made; `commit` replaces it as a whole by what was written since.

    Several changes are one transaction: all of them happened, or none. Who changes something makes this,
    and commits, while holding the file's lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = _bytes(path)
        if self.data is None and Backups(path).newest_first():
            self.data = _bytes(path)  # a first change, made meanwhile: the file comes before its backup
        self.content = _content(path, self.data)
        self._tables = self.content.tables  # TinyDB changes them in place
        self._is_changed = False

    def read(self) -> dict[str, dict[str, Any]]:
        return cast(dict[str, dict[str, Any]], self._tables)

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        self._tables = cast(Tables, data)
        self._is_changed = True

    def commit(self) -> None:
        """Durable when it returns; the state before is the newest backup then."""
        if not self._is_changed:
            return
        changed = Content(self._tables, self.content.revision + 1).encode()
        backups = Backups(self.path)
        if self.data is None:  # its backup says from now on that a missing file is a loss, not a new store
            self.data = Content().encode()
            atomic_write(self.path, self.data)
        backups.keep(self.content, self.data)
        atomic_write(self.path, changed)
        backups.prune()
        sweep(self.path.parent)


def _bytes(path: Path) -> bytes | None:
    """Nothing where there is no file. Raises StoreError where it cannot be read."""
    try:
        return bounded_bytes(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}). Make it readable, try again.") from error


def _content(path: Path, data: bytes | None) -> Content:
    if data is None:
        if Backups(path).newest_first():
            raise _damaged(path, "it is missing")
        return Content()
    try:
        return Content.parse(data)
    except DamagedStoreError as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, problem: str) -> DamagedStoreError:
    found = Backups(path).newest_good()
    advice = "There is no good backup: move the file away to begin anew"
    if found is not None:
        backup, content = found
        advice = (
            f"`napari-dacapo restore` sets it aside and brings back {backup.name} ({content.count:,} records)"
        )
    return DamagedStoreError(f"The store {path} is damaged: {problem}. It was left as it is. {advice}.")
