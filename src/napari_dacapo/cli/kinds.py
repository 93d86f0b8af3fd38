"""The kinds of records, their fields, defaults and meaning, as text."""

import difflib
import inspect
import json
import shutil
from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from napari_dacapo.cli.families import FAMILIES, record_types
from napari_dacapo.config import Config, kinds_of, records_in
from napari_dacapo.errors import UserInputError

WORDS = {int: "integer", float: "number", str: "text", bool: "true or false", NoneType: "null"}


def described(name: str) -> str:
    """Every kind of a family, or the one record, of that name: its fields, their types and defaults."""
    formatter = click.HelpFormatter(width=min(100, shutil.get_terminal_size().columns))
    for kind in kinds_of(_named(name)):
        (summary, *_) = (inspect.getdoc(kind) or "").split("\n\n")
        formatter.write(click.wrap_text(f"{kind.__name__}: {summary}", formatter.width) + "\n")
        with formatter.indentation():
            fields = [
                (_field_text(field, info), info.description or "")
                for field, info in kind.model_fields.items()
            ]
            formatter.write_dl(fields or [("", "It has no fields.")], col_max=36)
        formatter.write_paragraph()
    return formatter.getvalue().rstrip("\n") + "\n"


def _named(name: str) -> type[Config]:
    """A family by the word that is typed, or anything that a field of one may hold."""
    types = record_types()
    words = (name.casefold(), name.casefold().removesuffix("s"))
    for word in words:
        if word in types:
            return types[word]
    known = {found.__name__.casefold(): found for found in _reachable(list(types.values()))}
    for word in words:
        if word in known:
            return known[word]
    begin = [word for word in known if word.startswith(words[0][:3])]
    near = [known[word].__name__ for word in difflib.get_close_matches(words[0], known, 3) or begin[:3]]
    fix = f"Nearest: {', '.join(near)}" if near else f"Families: {', '.join(FAMILIES)}"
    raise UserInputError("family or kind", name, "there is none of that name", fix)


def _reachable(types: list[type[Config]]) -> Iterator[type[Config]]:
    """The types, their kinds, and the records that their fields may hold, each once."""
    seen: set[type[Config]] = set()
    while types:
        found = types.pop()
        if found not in seen:
            seen.add(found)
            yield found
            types += kinds_of(found)
            types += [held for info in found.model_fields.values() for held in records_in(info.annotation)]


def _field_text(name: str, info: FieldInfo) -> str:
    default = "" if info.is_required() else f" = {_default_text(info)}"
    return f"{name}: {_type_text(info.annotation)}{default}"


def _default_text(info: FieldInfo) -> str:
    return _short(info.get_default(call_default_factory=True))


def _short(value: Any) -> str:
    """As JSON, a record by its kind."""
    if isinstance(value, Config):
        return str(type(value).__name__)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_short, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _type_text(annotation: Any) -> str:
    """What may be written in JSON: `[integer, ...]` for a tuple of any length."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(arguments[0])
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin is tuple:
        inner = ("..." if each is Ellipsis else _type_text(each) for each in arguments)
        return f"[{', '.join(inner)}]"
    if arguments:
        return " | ".join(map(_type_text, arguments))
    return str(WORDS.get(annotation, getattr(annotation, "__name__", annotation)))
