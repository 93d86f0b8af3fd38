"""Records in the words of a form: labels, one line about what a record holds, what is wrong."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from functools import reduce
from typing import Any

from napari_dacapo.config import Config, Family, Unit
from napari_dacapo.errors import UserInputError, shown
from napari_dacapo.widgets.forms.declared import Declared, Plain, declarations, is_record, kind_of

NEW_WORD = re.compile(r"_|(?<=[a-z])(?=[A-Z][a-z])")
NAMES = {"Ome zarr": "OME-Zarr"}  # of things that are written in a way of their own


def words(name: str) -> str:
    """`batch_size` is "Batch size", `SignedDistance` "Signed distance", `MeanIoU` "Mean IoU"."""
    first, *rest = NEW_WORD.split(name)
    lower = (word.lower() if word.istitle() else word for word in rest)
    plain = " ".join([first[:1].upper() + first[1:], *lower])
    return reduce(lambda text, name: text.replace(name, NAMES[name]), NAMES, plain)


def label(field: Declared) -> str:
    units = [f" ({each.text})" for each in field.metadata if isinstance(each, Unit)]
    return words(field.name) + "".join(units)


def first_line(record_type: type[Config]) -> str:
    return (inspect.getdoc(record_type) or "").partition("\n")[0]


def number(value: Any) -> str:
    """A number exactly and as short as can be: 1e-5, 8, 0.25."""
    if not isinstance(value, float):
        return str(value)
    digits, _, exponent = repr(value).partition("e")
    return digits.removesuffix(".0") + (f"e{int(exponent)}" if exponent else "")


def summary(fields: Sequence[Declared], data: Plain) -> str:
    """What differs from the defaults: "probability 0.5, axes y x". Texts stand for themselves."""
    told = (_told(field, data.get(field.name)) for field in fields if _is_telling(field, data))
    return ", ".join(filter(None, told))


def title(record_type: type[Config], data: Plain) -> str:
    """A record in a line: "Elastic: probability 0.5", "embryo 1, raw.zarr, labels.zarr"."""
    told = summary(declarations(record_type), data)
    if not issubclass(record_type, Family):
        return told or words(record_type.__name__)
    return ": ".join(filter(None, (words(record_type.__name__), told)))


def sentence(error: UserInputError, is_entry: bool) -> str:
    """What is wrong, for below its field; where one entry of the field is, which one."""
    problem = f"{shown(error.value)}: {error.problem}" if is_entry else error.problem
    return " ".join(f"{_begun(part.rstrip('.'))}." for part in (problem, error.fix) if part)


def _begun(text: str) -> str:
    """With a capital letter, unless it begins with the name of a field."""
    return text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def _is_telling(field: Declared, data: Plain) -> bool:
    value = data.get(field.name, field.default)
    return field.required or value != field.default


def _told(field: Declared, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if is_record(field.annotation):
        return _nested(kind_of(field.annotation, value), value)
    entries = value if isinstance(value, tuple) else (value,)
    if field.item and is_record(field.item.annotation):
        return ", ".join(_nested(kind_of(field.item.annotation, entry), entry) for entry in entries)
    name = words(field.name).lower()
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return " ".join((name, *map(number, entries)))


def _nested(record_type: type[Config], data: Plain) -> str:
    """A record within another: what had to be given, else its kind."""
    needed = [field for field in declarations(record_type) if field.required]
    return summary(needed, data) or words(record_type.__name__)
