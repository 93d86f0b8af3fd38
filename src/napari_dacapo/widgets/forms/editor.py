"""What edits one value of a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.config import MISSING
from napari_dacapo.errors import UserInputError
from napari_dacapo.widgets.forms.declared import Declared


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the path from the editor that is told about it."""

    path: tuple[str, ...]
    error: UserInputError

    @property
    def is_missing(self) -> bool:
        """Whether nothing is wrong but that nothing was given yet."""
        return self.error.problem == MISSING

    def inside(self) -> Problem:
        return replace(self, path=self.path[1:])


class Editor(QObject):
    """Edits one value, as plain data. Its widgets belong to whoever lays them out.

    Data that make no sense (a word for a number) are given on as they were typed: the record's own
    validation then says what is wrong with them.
    """

    edited = Signal()  # by a person, not by `fill`
    head: QWidget | None = None  # beside the label
    body: QWidget | None = None  # below label and head, across the form

    def data(self) -> Any:
        raise NotImplementedError

    def fill(self, data: Any) -> None:
        raise NotImplementedError

    def is_empty(self) -> bool:
        """Whether nothing was typed, so that a value which must be given is missing."""
        return False

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Shows where they belong those of parts that have a place of their own; gives the rest back."""
        return list(problems)


MakeEditor = Callable[[Declared, QWidget], Editor]


def at(problems: Sequence[Problem], part: object) -> list[Problem]:
    """Those of one part, as it sees them."""
    return [problem.inside() for problem in problems if problem.path[:1] == (str(part),)]
