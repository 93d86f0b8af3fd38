"""The fields of one record of DaCapo, and the account of what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_dacapo.errors import UserInputError

NEEDED = object()
SILENT = ("__type__", "name")  # said by the record itself


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its value there, and what it is called here, or why it was left out."""

    field: str
    value: Any
    ours: str  # empty: left out
    why: str = ""  # or what else there is to know


@dataclass(slots=True)
class Fields:
    """A record of DaCapo that is taken apart, field by field."""

    values: dict[str, Any]
    place: str = ""  # of a record within another: "train.0.raw."
    lines: list[Line] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """DaCapo's word for it, without the "Config" at the end."""
        return str(self.values.get("__type__", "")).removesuffix("Config")

    def take(self, name: str, ours: str, default: Any = NEEDED, why: str = "") -> Any:
        """The value of a field that becomes `ours`. Raises UserInputError where one is needed and missing."""
        if name not in self.values and default is NEEDED:
            raise UserInputError(f"{self.place}{name}", None, "this record needs it", "Complete the file")
        value = self.values.pop(name, None)
        if value is None and default is not NEEDED:
            return default
        self.lines.append(Line(f"{self.place}{name}", value, ours, why))
        return value

    def leave(self, name: str, why: str, unless: Any = None) -> Any:
        """The value of a field that is not taken over; nothing is said where it is not set."""
        value = self.values.pop(name, None)
        if value is not None and value != unless:
            self.lines.append(Line(f"{self.place}{name}", value, "", why))
        return value

    def say(self, ours: str, why: str) -> None:
        """What a person should know about a field of ours that none of theirs tells."""
        self.lines.append(Line(self.place.rstrip("."), "", ours, why))

    def inner(self, name: str) -> Fields:
        """A record within this one. Raises UserInputError where there is none."""
        return self._within(name, self.values.pop(name, None))

    def named(self, name: str) -> dict[str, Fields]:
        """The records of a list or a dict within this one, by place or name."""
        held = self.values.pop(name, None) or {}
        pairs = held.items() if isinstance(held, Mapping) else enumerate(held)
        return {str(key): self._within(f"{name}.{key}", value) for key, value in pairs}

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def unknown(self) -> UserInputError:
        """What to raise for a kind that has no counterpart."""
        what = f"{self.place}type".removeprefix(".")
        return UserInputError(what, self.kind, "it has no counterpart here", "Make a new record by hand")

    def close(self) -> None:
        """Account for what nobody asked for."""
        for name in [name for name in self.values if name not in SILENT]:
            self.leave(name, "not known")
        self.values.clear()

    def _within(self, name: str, value: Any) -> Fields:
        if not isinstance(value, Mapping):
            raise UserInputError(f"{self.place}{name}", value, "a record is wanted here", "Complete the file")
        return Fields({str(key): each for key, each in value.items()}, f"{self.place}{name}.", self.lines)
