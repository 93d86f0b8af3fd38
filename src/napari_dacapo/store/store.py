"""Named records of any family, kept in one file that several windows and processes share."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_dacapo.config import Config
from napari_dacapo.errors import StoreError, UserInputError
from napari_dacapo.files import locked, make_folder, raise_if_full
from napari_dacapo.store.documents import R, document, family_name, record_of
from napari_dacapo.store.exchange import ImportReport, exported, import_into, incoming
from napari_dacapo.store.names import checked_name, folded
from napari_dacapo.store.restore import restore
from napari_dacapo.store.tables import Database, RecordTable, listed

LOCK_SECONDS = 4.0  # how long a save waits for another one
SETTLED_SECONDS = 0.1  # a file may change twice within one tick of its clock: only older ones are remembered

Stamp = tuple[int, int, int]


class Store:
    """Records by family and name. Whatever ends a save, the store is as before it or as after it.

    Nothing is touched until something is saved. Names that differ only in case are the same name.
    Several stores may be open on one file; each reads what the others saved. Everything that changes
    it raises StoreError or DiskFullError where it cannot be written, and changes nothing then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._remembered: tuple[Stamp, Database] | None = None

    @property
    def revision(self) -> int:
        """Grows with every change, whoever makes it: a window whose number differs reads anew."""
        return self._reading().content.revision

    @property
    def read_only(self) -> bool:
        """Whether nothing can be saved: a newer version wrote it, or the medium is write-protected."""
        folder = next(folder for folder in self.path.absolute().parents if folder.exists())
        return self._reading().content.is_newer or not os.access(folder, os.W_OK)

    def notices(self) -> tuple[str, ...]:
        """What a person should look at: copies a cloud service made of a store changed in two places."""
        beside = sorted(self.path.parent.glob(f"{self.path.stem}*{self.path.suffix}"))
        copies = [other for other in beside if other.name != self.path.name]
        return tuple(f"{copy} seems a conflicting copy of the store. Import or delete it." for copy in copies)

    def names(self, family: type[Config]) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(self._table(family).names())

    def read(self, family: type[R], name: str) -> R:
        """Raises UserInputError where there is none, or where it no longer fits, naming the field."""
        return record_of(family, self._table(family).require(name))

    def used_by(self, family: type[Config], name: str) -> tuple[str, ...]:
        """The names of the runs that were made from this component and hold a copy of it."""
        return _users(self._reading(), family, name)

    def save(
        self,
        family: type[R],
        name: str,
        record: R,
        *,
        overwrite: bool = False,
        instead_of: R | None = None,
        made_from: Mapping[str, str] | None = None,
    ) -> None:
        """Save a record under a name; the same one again is nothing.

        A different one of that name is replaced if `overwrite`, or if it equals `instead_of`: what the
        caller read before editing. Otherwise raises UserInputError, offering a free name. `made_from`
        names the components it holds copies of, {"architecture": "small"}; without it they stay as saved.
        """
        new = document(family, name, record, made_from or {})
        with self._changing() as database:
            table = database.records(family_name(family))
            old = table.named(new["name"])
            if old is None:
                table.add(new)
                return
            if old["record"] != new["record"] and not overwrite:
                _require_unchanged(table, old, new, instead_of)
            new["name"] = old["name"]
            if {**old, **new} != old:
                table.change(old, new)

    def rename(self, family: type[Config], name: str, new_name: str) -> None:
        """Runs made from it follow. Raises UserInputError where another one has the new name."""
        new_name = checked_name(new_name)
        with self._changing() as database:
            table = database.records(family_name(family))
            found, other = table.require(name), table.named(new_name)
            if other is not None and other.doc_id != found.doc_id:
                raise table.refuse(new_name, other["name"])
            if found["name"] == new_name:
                return
            for users in database.all_records():
                for user in users.made_from(table.name, name):
                    origin = {**user["made_from"], table.name.casefold(): new_name}
                    users.change(user, {"made_from": origin})
            table.change(found, {"name": new_name})

    def duplicate(self, family: type[Config], name: str) -> str:
        """Save a copy under the first free of name-2, name-3, ..., which is returned."""
        with self._changing() as database:
            table = database.records(family_name(family))
            found = table.require(name)
            new_name = table.free_name(found["name"])
            table.add({**found, "name": new_name})
        return new_name

    def delete(self, family: type[Config], name: str, *, confirmed: bool = False) -> None:
        """Raises UserInputError naming the runs made from it, unless `confirmed`; the runs stay whole."""
        with self._changing() as database:
            table = database.records(family_name(family))
            found = table.require(name)
            users = _users(database, family, name)
            if users and not confirmed:
                problem = f"{listed(users)} {'was' if len(users) == 1 else 'were'} made from it"
                fix = "Confirm to delete it; those keep their copies"
                raise UserInputError(table.name, found["name"], problem, fix)
            table.remove(doc_ids=[found.doc_id])

    def export_json(self, chosen: Iterable[tuple[type[Config], str]] | None = None) -> dict[str, Any]:
        """Every record, or those of the (family, name) chosen, as plain JSON that `import_json` takes."""
        return exported(self._reading(), chosen)

    def import_json(
        self, data: Any, *, overwrite: bool = False, families: Mapping[str, type[Config]]
    ) -> ImportReport:
        """Take exported records over, all or none. `families` are those the caller knows, by any names.

        Raises UserInputError where the data, a name or a record does not fit, and where different records
        have their names, unless `overwrite`.
        """
        documents = incoming(data, families.values())
        with self._changing() as database:
            return import_into(database, documents, overwrite)

    def restore_backup(self) -> Path:
        """Bring the records of a damaged store back; the damaged file is set aside, never lost.

        Returns the file they were taken from. Raises StoreError where the store is whole, or nothing good
        is left of it.
        """
        with self._locked():
            return restore(self.path)

    def _table(self, family: type[Config]) -> RecordTable:
        return self._reading().records(family_name(family))

    def _reading(self) -> Database:
        """The store as it is now, parsed again only where the file may have changed."""
        stamp = _stamp(self.path)
        remembered = self._remembered
        if stamp is not None and remembered is not None and remembered[0] == stamp:
            return remembered[1]
        database = Database(self.path)
        self._remembered = (stamp, database) if stamp is not None else None
        return database

    @contextmanager
    def _changing(self) -> Iterator[Database]:
        """Read afresh under the lock, written as a whole at the end."""
        with self._locked():
            database = Database(self.path)
            if database.content.is_newer:
                raise database.content.refusal("change")
            yield database
            database.commit()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            make_folder(self.path.parent)
            with locked(self.path, LOCK_SECONDS):
                yield
        except OSError as error:
            raise_if_full(error, self.path, _size(self.path))
            cause = f"{self.path} cannot be written ({error.strerror})"
            raise StoreError(f"{cause}. Check the medium and the permissions of its folder.") from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 1024


def _stamp(path: Path) -> Stamp | None:
    """Differs for another content; nothing where that is not certain."""
    try:
        found = path.stat()
    except OSError:
        return None
    settled = time.time() - found.st_mtime > SETTLED_SECONDS
    return (found.st_ino, found.st_mtime_ns, found.st_size) if settled else None


def _require_unchanged(table: RecordTable, old: Any, new: Any, instead_of: Config | None) -> None:
    if instead_of is None:
        raise table.refuse(new["name"], old["name"])
    if old["record"] != instead_of.to_json():
        fix = f"Save it as {table.free_name(old['name'])!r}, or overwrite the other"
        raise UserInputError("name", new["name"], "the record was changed elsewhere meanwhile", fix)


def _users(database: Database, family: type[Config], name: str) -> tuple[str, ...]:
    tables = database.all_records()
    users = [user["name"] for table in tables for user in table.made_from(family_name(family), name)]
    return tuple(sorted(users, key=folded))
