"""Records on their way to and from a colleague: one JSON file, laid out like a store."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_dacapo.config import Config
from napari_dacapo.errors import StoreError, UserInputError
from napari_dacapo.files import JsonError, read_json
from napari_dacapo.store.content import Content, Document, Tables
from napari_dacapo.store.documents import document, family_name, record_of
from napari_dacapo.store.names import folded
from napari_dacapo.store.tables import Database


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each record of a file, as "Architecture/small"."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]  # they were there already
    replaced: tuple[str, ...]

    def __str__(self) -> str:
        counts = {"added": self.added, "replaced": self.replaced, "already there": self.unchanged}
        return ", ".join(f"{len(names)} {what}" for what, names in counts.items()) + "."


def read_export(path: Path) -> Any:
    """What a file of records as JSON holds. Raises UserInputError where it cannot be read as such."""
    try:
        return read_json(path)
    except JsonError as error:
        problem, fix = str(error), "Write it again, or choose another file"
    except OSError as error:
        problem, fix = f"it cannot be read ({error.strerror})", "Choose another file"
    raise UserInputError("file", str(path), problem, fix)


def exported(database: Database, chosen: Iterable[tuple[type[Config], str]] | None) -> dict[str, Any]:
    """All records, or those chosen, as plain JSON of its own."""
    tables: Tables = database.content.tables
    if chosen is not None:
        tables = {}
        for family, name in chosen:
            table = database.records(family_name(family))
            found = table.require(name)
            tables.setdefault(table.name, {})[str(found.doc_id)] = dict(found)
    plain: dict[str, Any] = json.loads(json.dumps(Content(tables, database.content.revision).to_json()))
    return plain


def incoming(data: Any, record_types: Iterable[type[Config]]) -> dict[str, list[Document]]:
    """The documents of exported data by family, names and records checked."""
    types = {family_name(record_type): record_type for record_type in record_types}
    try:
        content = Content.of(data)
    except StoreError as error:
        raise UserInputError("file", type(data).__name__, str(error), "Choose an exported file") from None
    if content.is_newer:
        raise UserInputError("file", content.written_by, "a newer version wrote it", "Upgrade napari-dacapo")
    unknown = sorted(set(content.tables) - set(types))
    if unknown:
        raise UserInputError("family", unknown[0], "no such family", f"Known: {', '.join(types)}")
    return {
        family: [_rewritten(types[family], found) for found in documents.values()]
        for family, documents in content.tables.items()
    }


def import_into(database: Database, documents: dict[str, list[Document]], overwrite: bool) -> ImportReport:
    """Raises UserInputError where different records have the names, unless `overwrite`."""
    fates: dict[str, list[str]] = {"added": [], "unchanged": [], "replaced": []}
    for family, new_ones in documents.items():
        table = database.records(family)
        known = table.by_name()
        wanted = []
        for new in new_ones:
            fate = _fate(known.get(folded(new["name"])), new)
            fates[fate].append(f"{family}/{new['name']}")
            if fate != "unchanged":
                wanted.append(new)
        if wanted:
            table.put(wanted)
    if fates["replaced"] and not overwrite:
        raise _conflict(fates["replaced"])
    return ImportReport(**{fate: tuple(names) for fate, names in fates.items()})


def _fate(old: Document | None, new: Document) -> str:
    if old is None:
        return "added"
    return "unchanged" if old["record"] == new["record"] else "replaced"


def _conflict(names: list[str]) -> UserInputError:
    problem = "different records have these names here, nothing was imported"
    error = UserInputError("file", ", ".join(names), problem, "Rename those, or overwrite them")
    error.__notes__ = [f"{name} is another record" for name in names]
    return error


def _rewritten(record_type: type[Config], found: Document) -> Document:
    """As we would write it."""
    record = record_of(record_type, found)
    return document(record_type, found["name"], record, found.get("made_from", {}))
