"""What a record declares of each field, and the plain data that a form shows of a record.

Plain data are what the JSON of a record would be, with tuples: {"kind": "Mirror", "axes": ("y", "x")}.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic.fields import FieldInfo

from napari_dacapo.config import Config, Family, kinds_of

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """A field: its name and type, without Annotated and None, and what restricts it."""

    name: str
    annotation: Any
    metadata: tuple[Any, ...] = ()  # annotated_types, Unit
    optional: bool = False
    required: bool = True
    default: Any = None  # plain; of a required field, what an empty form shows
    description: str = ""

    @property
    def item(self) -> Declared | None:
        """What each entry of a tuple is, None where the field is no tuple."""
        if get_origin(self.annotation) is not tuple:
            return None
        annotation, metadata, _ = _parts(get_args(self.annotation)[0])
        return Declared(self.name, annotation, metadata)

    @property
    def inner(self) -> Declared:
        """The same field when it holds something."""
        default = self.default if self.default is not None else _blank(self.annotation, self.metadata)
        return replace(self, optional=False, default=default)

    def bound(self, *names: str) -> Any:
        """The first of some bounds ("ge", "min_length", ...) that the field declares, or None."""
        return next((getattr(m, n) for m in self.metadata for n in names if hasattr(m, n)), None)


def declarations(record_type: type[Config]) -> tuple[Declared, ...]:
    """The fields of a record, in its own order."""
    return _declarations(cast(Any, record_type))


def initial(record_type: type[Config]) -> Plain:
    """A new record as far as its defaults go; what must be given is empty."""
    kind = usual_kind(record_type) if is_family(record_type) else record_type
    own = {"kind": kind.__name__} if issubclass(kind, Family) else {}
    return own | {field.name: field.default for field in declarations(kind)}


def plain(value: Any) -> Any:
    """A record, or a value of one, as plain data."""
    if isinstance(value, Config):
        own = {"kind": type(value).__name__} if isinstance(value, Family) else {}
        return own | {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple):
        return tuple(plain(entry) for entry in value)
    return value


def kind_of(record_type: type[Any], data: Mapping[str, Any]) -> type[Any]:
    """The concrete type of a record's data: the kind it names, where there are several."""
    return cast(type[Any], record_type.kind(data["kind"])) if is_family(record_type) else record_type


def usual_kind(family: type[Any]) -> type[Any]:
    """The kind that wants least: no records if possible, then the fewest fields, then by the alphabet."""

    def wanted(kind: type[Config]) -> tuple[int, int]:
        needed = [info for info in kind.model_fields.values() if info.is_required()]
        return sum(_holds_records(info.annotation) for info in needed), len(needed)

    return min(kinds_of(family), key=wanted)


def is_record(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, Config)


def is_family(annotation: Any) -> bool:
    """Whether it has kinds to choose from."""
    return is_record(annotation) and issubclass(annotation, Family) and inspect.isabstract(annotation)


@cache
def _declarations(record_type: Any) -> tuple[Declared, ...]:
    return tuple(_declared(name, info) for name, info in record_type.model_fields.items())


def _declared(name: str, info: FieldInfo) -> Declared:
    annotation, metadata, optional = _parts(info.annotation, tuple(info.metadata))
    default = (
        _blank(annotation, metadata)
        if info.is_required()
        else plain(info.get_default(call_default_factory=True, validated_data={}))
    )
    description = info.description or ""
    return Declared(name, annotation, metadata, optional, info.is_required(), default, description)


def _parts(annotation: Any, metadata: tuple[Any, ...] = ()) -> tuple[Any, tuple[Any, ...], bool]:
    """Type, what restricts it, and whether it may be None."""
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        for each in more:
            metadata += tuple(each.metadata) if isinstance(each, FieldInfo) else (each,)
        return _parts(annotation, metadata)
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    if NoneType in choices:
        rest = tuple(choice for choice in choices if choice is not NoneType)
        annotation, metadata, _ = _parts(Union[rest], metadata)  # noqa: UP007
    return annotation, metadata, NoneType in choices


def _blank(annotation: Any, metadata: tuple[Any, ...]) -> Any:
    """What an empty form shows: the usual kind, as many entries as there must be, no text."""
    if is_record(annotation):
        return initial(annotation)
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    field = Declared("", annotation, metadata)
    if field.item is not None and is_record(field.item.annotation):
        return (initial(field.item.annotation),) * (field.bound("min_length") or 0)
    return () if field.item is not None else False if annotation is bool else ""


def _holds_records(annotation: Any) -> bool:
    inner, metadata, _ = _parts(annotation)
    item = Declared("", inner, metadata).item
    return is_record(inner) or (item is not None and _holds_records(item.annotation))
