"""What the store's file holds: a header, and TinyDB's tables of records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from napari_dacapo.errors import StoreError
from napari_dacapo.files import LARGEST_JSON, JsonError, parse_json
from napari_dacapo.store.migrations import latest_schema, migrate
from napari_dacapo.store.names import folded

FORMAT = "napari-dacapo records"

Document = dict[str, Any]  # {"name": "small", "record": {...}, "made_from": {"task": "edges", ...}}
Tables = dict[str, dict[str, Document]]  # family -> id -> document


class DamagedStoreError(StoreError):
    """The store's file is not what was written; `restore_backup` brings the last good one back."""


@cache
def this_version() -> str:
    try:
        return f"napari-dacapo {version('napari-dacapo')}"
    except PackageNotFoundError:
        return "napari-dacapo (not installed)"


@dataclass(frozen=True, slots=True)
class Content:
    """A store at one moment. `schema` and `written_by` are those of its bytes, its tables are of today's."""

    tables: Tables = field(default_factory=dict)
    revision: int = 0  # counts every change: clocks go back, it does not
    schema: int = field(default_factory=latest_schema)
    written_by: str = field(default_factory=this_version)

    @property
    def is_newer(self) -> bool:
        return self.schema > latest_schema()

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(len(documents) for documents in self.tables.values())

    @classmethod
    def parse(cls, data: bytes) -> Content:
        """Raises DamagedStoreError that says what is wrong with the bytes, to be completed by the reader."""
        try:
            return cls.of(parse_json(data))
        except JsonError as error:
            raise DamagedStoreError(str(error)) from None

    @classmethod
    def of(cls, value: Any) -> Content:
        """From parsed JSON, as `parse`. Raises StoreError where a newer version wrote what we cannot read."""
        header = value.get("header") if isinstance(value, dict) else None
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise DamagedStoreError(f"it has no header of {FORMAT}")
        schema, revision, writer = (header.get(key) for key in ("schema", "revision", "written_by"))
        if type(schema) is not int or type(revision) is not int or schema < 1 or revision < 0:
            raise DamagedStoreError("schema or revision in its header is not a count")
        content = cls({}, revision, schema, str(writer)[:40])
        try:
            tables = _checked(value.get("records"))
        except DamagedStoreError:
            if content.is_newer:
                raise content.refusal("read") from None
            raise
        return cls(_checked(migrate(tables, schema)), revision, schema, content.written_by)

    def refusal(self, verb: str) -> StoreError:
        """What to raise where only a newer version may read or change it."""
        return StoreError(
            f"The records were written by {self.written_by}, which is newer than this version: "
            f"it cannot {verb} them. Upgrade napari-dacapo; nothing was changed."
        )

    def to_json(self) -> dict[str, Any]:
        header = {"format": FORMAT, "schema": self.schema, "written_by": self.written_by}
        return {"header": header | {"revision": self.revision}, "records": self.tables}

    def encode(self) -> bytes:
        """Raises StoreError where the file would be larger than what is read again."""
        data = json.dumps(self.to_json(), allow_nan=False).encode()
        if len(data) > LARGEST_JSON:
            limit = LARGEST_JSON >> 20
            raise StoreError(f"The store would exceed {limit} MiB. Delete records or use another workspace.")
        return data


def _checked(tables: Any) -> Tables:
    if not isinstance(tables, dict):
        raise DamagedStoreError("it holds no tables of records")
    for family, documents in tables.items():
        if not isinstance(documents, dict):
            raise DamagedStoreError(f"{family} is not a table of records")
        if not all(_is_document(document) for document in documents.values()):
            raise DamagedStoreError(f"{family} holds something that is not a named record")
        if len({folded(document["name"]) for document in documents.values()}) != len(documents):
            raise DamagedStoreError(f"two records of {family} have the same name")
    return tables


def _is_document(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("record"), dict)
        and isinstance(value.get("made_from", {}), dict)
    )
