"""TinyDB's tables, one a family, and what is asked of them."""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from tinydb import TinyDB, where
from tinydb.table import Document as Entry
from tinydb.table import Table

from napari_dacapo.errors import UserInputError
from napari_dacapo.store.content import Content, Document
from napari_dacapo.store.names import folded, free_name
from napari_dacapo.store.storage import AtomicStorage

SHOWN_NAMES = 5


class RecordTable(Table):
    """The records of one family. Ids are texts that no other process makes up, too."""

    document_id_class = str  # type: ignore[assignment]

    def names(self) -> list[str]:
        """In alphabetical order."""
        return sorted((entry["name"] for entry in self), key=folded)

    def named(self, name: str) -> Entry | None:
        """The record of that name; case and composition do not matter."""
        return self.get(where("name").test(_same_as(name)))

    def require(self, name: object) -> Entry:
        """As `named`. Raises UserInputError listing the nearest, or those there are."""
        found = self.named(name) if isinstance(name, str) else None
        if found is None:
            fix = self._nearest(str(name))
            raise UserInputError("name", name, f"no {self.name} has this name", fix)
        return found

    def _nearest(self, name: str) -> str:
        """What to choose instead."""
        by_name = {folded(known): known for known in self.names()}
        if not by_name:
            return "Save one first"
        near = difflib.get_close_matches(folded(name), by_name, SHOWN_NAMES)
        if near:
            return f"Nearest: {listed(by_name[other] for other in near)}"
        return f"Choose one of: {listed(by_name.values())}"

    def made_from(self, family: str, name: str) -> list[Entry]:
        """The records that hold a copy of that component."""
        return self.search(where("made_from")[family.casefold()].test(_same_as(name)))

    def free_name(self, name: str) -> str:
        """The first of name-2, name-3, ... that nothing has."""
        return free_name(name, {folded(taken) for taken in self.names()})

    def add(self, new: Document) -> None:
        self.insert(_as_entry(new, None))

    def put(self, documents: Iterable[Document]) -> None:
        """Add all of them; what has their names keeps its name and id, nothing else."""
        known = self.by_name()
        entries = [_as_entry(new, known.get(folded(new["name"]))) for new in documents]
        self.remove(doc_ids=[entry.doc_id for entry in entries if self.contains(doc_id=entry.doc_id)])
        self.insert_multiple(entries)

    def by_name(self) -> dict[str, Entry]:
        """Every record by its folded name."""
        return {folded(entry["name"]): entry for entry in self}

    def change(self, entry: Entry, changes: Document) -> None:
        self.update(changes, doc_ids=[entry.doc_id])

    def refuse(self, name: str, stored: str) -> UserInputError:
        """What to raise where another record has the name; it offers a free one."""
        problem = f"another {self.name} has this name"
        if folded(name) == folded(stored) and name != stored:
            problem += f", as {stored!r}: upper and lower case count as the same"
        return UserInputError(
            "name", name, problem, f"{self.free_name(stored)!r} is free; or overwrite the other"
        )


class Database(TinyDB):
    """TinyDB over our storage: `Database(path)`."""

    table_class = RecordTable

    def __init__(self, path: Path) -> None:
        super().__init__(path, storage=AtomicStorage)

    def records(self, family: str) -> RecordTable:
        return cast(RecordTable, self.table(family))

    def all_records(self) -> list[RecordTable]:
        return [self.records(family) for family in sorted(self.tables())]

    @property
    def content(self) -> Content:
        """What the file held when it was read."""
        return self._atomic.content

    def commit(self) -> None:
        """Write what was changed, as a whole."""
        self._atomic.commit()

    @property
    def _atomic(self) -> AtomicStorage:
        return cast(AtomicStorage, self.storage)


def listed(names: Iterable[str]) -> str:
    """At most five of them, so that a message stays short."""
    names = list(names)
    rest = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _as_entry(new: Document, old: Entry | None) -> Entry:
    if old is not None:
        return Entry({**new, "name": old["name"]}, old.doc_id)
    return Entry(new, uuid4().hex)  # type: ignore[arg-type]  # our ids are texts


def _same_as(name: str) -> Callable[[Any], bool]:
    wanted = folded(name)
    return lambda value: isinstance(value, str) and folded(value) == wanted
