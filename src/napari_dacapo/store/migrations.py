"""How records of an older schema become records of today's."""

from collections.abc import Callable
from typing import Any

# The first makes tables of schema 1 those of schema 2, and so on: (family -> id -> document) -> the same.
MIGRATIONS: tuple[Callable[[Any], Any], ...] = ()


def latest_schema() -> int:
    """What this version writes."""
    return 1 + len(MIGRATIONS)


def migrate(tables: Any, schema: int) -> Any:
    """Tables of an older schema brought to today's, one step after the other."""
    for step in MIGRATIONS[schema - 1 :]:
        tables = step(tables)
    return tables
