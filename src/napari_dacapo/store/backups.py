"""The states of the store before its last changes, kept beside it."""

import glob
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.errors import StoreError
from napari_dacapo.files import LARGEST_JSON, atomic_write, temporary_beside
from napari_dacapo.store.content import Content
from napari_dacapo.store.migrations import latest_schema

KEPT = 3


@dataclass(frozen=True, slots=True)
class Backups:
    """`store.json.backup-000000017` is revision 17; `store.json.schema-1`, never deleted, of schema 1."""

    path: Path  # the store's file

    def newest_first(self) -> list[Path]:
        """By revision, those of older schemas last."""
        return [*self._revisions(), *self._beside("schema-*")]

    def keep(self, content: Content, data: bytes) -> None:
        """Keep the store's file as it is now; `data` are its bytes."""
        self._keep_as(f"backup-{content.revision:09d}", data)
        if content.schema < latest_schema():
            self._keep_as(f"schema-{content.schema}", data)

    def prune(self) -> None:
        """Delete all but the newest; what cannot be deleted now is deleted after another change."""
        for old in self._revisions()[KEPT:]:
            with suppress(OSError):
                old.unlink()

    def newest_good(self) -> tuple[Path, Content] | None:
        for backup in self.newest_first():
            with suppress(OSError, StoreError):
                content = Content.parse(bounded_bytes(backup))
                if not content.is_newer:
                    return backup, content
        return None

    def last_revision(self) -> int:
        """The highest revision any backup's name tells, 0 without one."""
        endings = [
            backup.name.rpartition("-")[2] for backup in self.newest_first() if ".backup-" in backup.name
        ]
        return max((int(ending) for ending in endings if ending.isdecimal()), default=0)

    def _revisions(self) -> list[Path]:
        return self._beside("backup-*")

    def _beside(self, pattern: str) -> list[Path]:
        found = self.path.parent.glob(f"{glob.escape(self.path.name)}.{pattern}")
        return sorted(found, reverse=True)

    def _keep_as(self, ending: str, data: bytes) -> None:
        """A second name costs no space, since the store's file is only ever replaced; else a copy."""
        backup = self.path.with_name(f"{self.path.name}.{ending}")
        name = temporary_beside(backup)
        try:
            os.link(self.path, name)
        except OSError:
            return atomic_write(backup, data)
        try:
            os.replace(name, backup)
        finally:
            with suppress(OSError):
                name.unlink(missing_ok=True)  # stays if both names were one file already


def bounded_bytes(path: Path) -> bytes:
    """The file's bytes, at most one more than a store may have."""
    with path.open("rb") as file:
        return file.read(LARGEST_JSON + 1)


def first_value(data: bytes) -> Content | None:
    """The store that bytes begin with, where only something was added behind it."""
    try:
        text = _text(data)
        _, end = json.JSONDecoder().raw_decode(text)
        content = Content.parse(text[:end].encode())
    except (ValueError, RecursionError, StoreError):
        return None
    return None if content.is_newer else content


def _text(data: bytes) -> str:
    """The bytes up to the first that is no text."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return data[: error.start].decode("utf-8-sig")
