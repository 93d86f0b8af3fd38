"""What every record is: one frozen declaration that gives validation, JSON, tooltips and docs."""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_serializer, model_validator
from pydantic_core import ErrorDetails

from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

KINDS_ENTRY_POINT = "napari_dacapo.kinds"
MISSING = "a value is needed"
WORDS = {  # for pydantic's problems that speak of its own types
    "missing": MISSING,
    "too_short": "it has {actual_length} entries, it needs {min_length} or more",
    "too_long": "it has {actual_length} entries, it takes {max_length} or fewer",
    "string_too_short": "it needs {min_length} or more characters",
    "string_too_long": "it takes {max_length} or fewer characters",
    "int_type": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "float_type": "it is not a number. Write it like 0.5 or 1e-5",
    "tuple_type": "it is not a list",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit a field is shown with: `size: Annotated[float, Unit("nm")]`."""

    text: str


class _RecordType(ModelMetaclass):
    """Building a record with values that do not fit raises UserInputError, naming the field."""

    def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 - a metaclass
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            raise _first(problems_of(error, cls)) from None


class Config(BaseModel, metaclass=_RecordType):
    """A frozen record. A string under each field is its tooltip, its documentation, its schema."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    def replace(self, **changes: Any) -> Self:
        """The same record with some fields changed, validated again."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(values | changes))

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; `from_json` gives an equal record back."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record that `to_json` wrote. Raises UserInputError naming the first wrong field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise _first(problems_of(error, cls)) from None

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, data: Any) -> Any:
        """JSON knows lists only; records hold tuples, so that they can be hashed."""
        if not isinstance(data, Mapping):
            return data
        return {key: _frozen(value) for key, value in data.items()}


class Family(Config):
    """A record with several kinds, one subclass each, stored as `{"kind": "UNet", ...}`.

    A family is an abstract class; its kinds are its concrete subclasses. Those of this package lie
    beside it, one file each; other packages add theirs through the entry point `napari_dacapo.kinds`.
    """

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """Every concrete kind of this family by class name, in alphabetical order."""
        for family in (base for base in cls.__mro__ if issubclass(base, Family) and base is not Family):
            _load_folder(family.__module__.rpartition(".")[0])
        _load_other_packages()
        return dict(sorted((kind.__name__, kind) for kind in _concrete(cls)))

    @classmethod
    def kind(cls, name: object) -> type[Self]:
        """The kind of that name. Raises UserInputError listing those that exist."""
        kinds = cls.kinds()
        if not isinstance(name, str) or name not in kinds:
            near = difflib.get_close_matches(str(name), kinds, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UserInputError("kind", name, f"no such {cls.__name__}", f"{hint}Known: {', '.join(kinds)}")
        return kinds[name]

    @model_validator(mode="wrap")
    @classmethod
    def _by_kind(cls, data: Any, handler: Any) -> Any:
        if not isinstance(data, Mapping):
            return handler(data)
        if inspect.isabstract(cls):
            return _validated(cls, data)
        fields = dict(data)
        kind = fields.pop("kind", cls.__name__)
        if kind != cls.__name__:
            raise ValueError(f"kind is {kind!r}, wanted {cls.__name__!r}")
        return handler(fields)

    @model_serializer(mode="plain")
    def _with_kind(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return {"kind": type(self).__name__, **fields}


def problems(record_type: type[Config], data: Mapping[str, Any]) -> list[UserInputError]:
    """Everything that is wrong with `data` as a record of that type; empty if it fits."""
    try:
        record_type.model_validate(data)
    except ValidationError as error:
        return problems_of(error, record_type)
    return []


def problems_of(error: ValidationError, record_type: type[Any]) -> list[UserInputError]:
    found = error.errors()
    places = [details["loc"] for details in found]
    return [_problem(details, record_type) for details in found if not _is_echo(details, places)]


def _is_echo(details: ErrorDetails, places: list[tuple[int | str, ...]]) -> bool:
    """Whether a tuple is called too short only because pydantic does not count its wrong entries."""
    own = details["loc"]
    is_around = any(place[: len(own)] == own and len(place) > len(own) for place in places)
    return details["type"] == "too_short" and is_around


def _problem(details: ErrorDetails, record_type: type[Any]) -> UserInputError:
    field = ".".join(str(part) for part in details["loc"]) or record_type.__name__
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, _WrongInputError):
        cause.error.field = f"{field}.{cause.error.field}"
        return cause.error
    problem, _, fix = _message(details).partition(". ")
    if details["type"] == "extra_forbidden":
        problem, fix = "no such field", _near_field(details["loc"], record_type)
    value = None if details["type"] == "missing" else details["input"]
    return UserInputError(field, value, problem, fix)


def _message(details: ErrorDetails) -> str:
    if details["type"] in WORDS:
        return WORDS[details["type"]].format(**details.get("ctx", {}))
    return details["msg"].removeprefix("Value error, ")


def _near_field(place: tuple[int | str, ...], record_type: type[Any]) -> str:
    """What to do about a field that is not there, in the record that lies at its place."""
    *way, name = (part for part in place if isinstance(part, str))
    holders = kinds_of(record_type)
    for part in way:
        held = [kind.model_fields[part].annotation for kind in holders if part in kind.model_fields]
        holders = [
            kind for annotation in held for found in records_in(annotation) for kind in kinds_of(found)
        ]
    fields = dict.fromkeys(field for kind in holders for field in kind.model_fields)
    near = difflib.get_close_matches(name, fields, 1)
    return f"Did you mean {near[0]}?" if near else f"Remove it. Fields: {', '.join(fields)}"


def records_in(annotation: Any) -> Iterator[type[Config]]:
    """The records that a field so annotated may hold; a family stands for its kinds."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    for argument in get_args(annotation):
        yield from records_in(argument)


def kinds_of(record_type: type[Config]) -> list[type[Config]]:
    """The kinds of a family; a record that has none, or is one, itself."""
    if issubclass(record_type, Family) and inspect.isabstract(record_type):
        return list(record_type.kinds().values())
    return [record_type]


class _WrongInputError(ValueError):
    """Carries a UserInputError through pydantic, which passes on ValueErrors only."""

    def __init__(self, error: UserInputError) -> None:
        super().__init__(str(error))
        self.error = error


def _first(errors: list[UserInputError]) -> UserInputError:
    first = errors[0]
    first.__notes__ = [str(error) for error in errors[1:]]
    return first


def _validated(family: type[Family], data: Mapping[str, Any]) -> Family:
    if "kind" not in data:
        known = ", ".join(family.kinds())
        raise ValueError(f'the field "kind" is missing. Known kinds of {family.__name__}: {known}')
    try:
        kind = family.kind(data["kind"])
    except UserInputError as error:
        raise _WrongInputError(error) from None
    return kind.model_validate(data)


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value


def _concrete(family: type[Family]) -> list[type[Any]]:
    found = [] if inspect.isabstract(family) else [family]
    for child in family.__subclasses__():
        found += _concrete(child)
    return cast(list[type[Any]], found)


@cache
def _load_folder(package: str) -> None:
    if not package:
        return
    folder = importlib.import_module(package)
    for module in pkgutil.iter_modules(getattr(folder, "__path__", [])):
        importlib.import_module(f"{package}.{module.name}")


@cache
def _load_other_packages() -> None:
    for point in entry_points(group=KINDS_ENTRY_POINT):
        point.load()
