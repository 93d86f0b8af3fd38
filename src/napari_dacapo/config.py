"""What every record is: one frozen declaration that gives validation, JSON, tooltips and docs."""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError, model_serializer, model_validator
from pydantic_core import ErrorDetails

from napari_dacapo.errors import UserInputError

KINDS_ENTRY_POINT = "napari_dacapo.kinds"


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit a field is shown with: `size: Annotated[float, Unit("nm")]`."""

    text: str


class _RecordType(type(BaseModel)):  # type: ignore[misc]
    """Building a record with values that do not fit raises UserInputError, naming the field."""

    def __call__(cls, *args: Any, **values: Any) -> Any:
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
    return [_problem(details, record_type) for details in error.errors()]


def _problem(details: ErrorDetails, record_type: type[Any]) -> UserInputError:
    field = ".".join(str(part) for part in details["loc"]) or record_type.__name__
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, _WrongInput):
        cause.error.field = f"{field}.{cause.error.field}"
        return cause.error
    message = details["msg"].removeprefix("Value error, ")
    problem, _, fix = message.partition(". ")
    if details["type"] == "extra_forbidden":
        problem, fix = "no such field", _near_field(str(details["loc"][-1]), record_type)
    value = "missing" if details["type"] == "missing" else details["input"]
    return UserInputError(field, value, problem, fix)


def _near_field(name: str, record_type: type[Any]) -> str:
    fields = list(getattr(record_type, "model_fields", {}))
    near = difflib.get_close_matches(name, fields, 1)
    return f"Did you mean {near[0]}?" if near else f"Remove it. Fields: {', '.join(fields)}"


class _WrongInput(ValueError):
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
        raise _WrongInput(error) from None
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
