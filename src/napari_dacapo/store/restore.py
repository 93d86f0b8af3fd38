"""Bringing a damaged store back from what is left of it."""

import os
from itertools import count
from pathlib import Path

from napari_dacapo.errors import StoreError
from napari_dacapo.files import atomic_write
from napari_dacapo.store.backups import Backups, bounded_bytes, first_value
from napari_dacapo.store.content import Content, DamagedStoreError


def restore(path: Path) -> Path:
    """As `Store.restore_backup`, which holds the lock."""
    damaged = bounded_bytes(path) if path.exists() else None
    if damaged is not None:
        _require_damaged(path, damaged)
    salvaged = first_value(damaged) if damaged is not None else None
    found = Backups(path).newest_good()
    if salvaged is None and found is None:
        raise StoreError(f"There is no good backup beside {path}. Move the file away to begin anew.")
    aside = _set_aside(path) if damaged is not None else path
    source, content = (aside, salvaged) if salvaged is not None else found or (aside, Content())
    revision = max(content.revision, Backups(path).last_revision()) + 2  # the lost change counted, too
    atomic_write(path, Content(content.tables, revision).encode())
    return source


def _require_damaged(path: Path, data: bytes) -> None:
    try:
        Content.parse(data)
    except DamagedStoreError:
        return
    raise StoreError(f"{path} is whole. Nothing was restored.")


def _set_aside(path: Path) -> Path:
    """Give the damaged file a second name; until it is replaced readers find it, damaged as it is."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    aside = next(name for name in names if not name.exists())
    try:
        os.link(path, aside)
    except OSError:
        os.replace(path, aside)
    return aside
