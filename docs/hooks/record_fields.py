"""The fields of a record in words, read from its JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari_dacapo.config import Config, Unit

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

WORDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "`true` or `false`"}
Link = Callable[[str], str]  # the name of a record, linked to its page


def field_rows(record: type[Config], link: Link) -> list[tuple[str, ...]]:
    """Name, type with bounds and unit, default and meaning of each field."""
    if not record.model_fields:
        return []
    properties = record.model_json_schema()["properties"]
    return [
        (
            f"`{name}`",
            in_words(properties[name], link) + _unit(info),
            default_of(info),
            info.description or "",
        )
        for name, info in record.model_fields.items()
    ]


def in_words(schema: Mapping[str, Any], link: Link, ending: str = "") -> str:
    """`{"type": "integer", "minimum": 1}` is "integer (at least 1)"; the ending "s" makes it many."""
    if "$ref" in schema:
        return link(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(in_words(each, link, ending) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "null":
        return "nothing"
    if schema["type"] == "array":
        count = _range(schema, "minItems", "maxItems")
        many = f" of {count}" if count else " of"
        return f"list{ending}{many} {in_words(schema['items'], link, 's')}"
    bounds = _range(schema, "minimum", "maximum")
    word = WORDS[schema["type"]]
    return (word if word.startswith("`") else word + ending) + (f" ({bounds})" if bounds else "")


def default_of(info: FieldInfo) -> str:
    """As one would type it on the command line; records by the name of their kind."""
    if info.is_required():
        return "*needed*"
    value = info.get_default(call_default_factory=True)
    if value is None or value == "":
        return "nothing"
    if isinstance(value, tuple) and any(isinstance(each, Config) for each in value):
        return ", ".join(f"`{_named(each)}`" for each in value)
    return f"`{_named(value)}`"


def _named(value: Any) -> str:
    """A kind with what it changes of its own defaults: `Elastic(probability=0.5)`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Config):
        return json.dumps(value)
    fields = type(value).model_fields
    changed = {n: getattr(value, n) for n, info in fields.items() if getattr(value, n) != info.default}
    inner = ", ".join(f"{name}={_named(each)}" for name, each in changed.items())
    return f"{type(value).__name__}({inner})" if inner else str(type(value).__name__)


def _range(schema: Mapping[str, Any], lowest: str, highest: str) -> str:
    """Bounds that are part of the range and bounds that are not: "1 to 8", "above 0 and at most 10"."""
    low, high = schema.get(lowest), schema.get(highest)
    if low is not None and high is not None:
        return f"{low:,.12g}" if low == high else f"{low:,.12g} to {high:,.12g}"
    above, below = schema.get(f"exclusive{lowest.title()}"), schema.get(f"exclusive{highest.title()}")
    words = {"at least": low, "above": above, "at most": high, "below": below}
    return " and ".join(f"{word} {bound:,.12g}" for word, bound in words.items() if bound is not None)


def _unit(info: FieldInfo) -> str:
    return "".join(f", in {each.text}" for each in info.metadata if isinstance(each, Unit))
