"""Numbers as text: a tuple of them in a line, tuples of tuples below each other."""

from __future__ import annotations

import re
from typing import Any

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.words import number

# by how many tuples lie within each other; offsets are two, one a line; kernels of levels three
JOINS = ((), (", ",), (", ", "\n"), (", ", "; ", "\n"))
SPLITS = (
    r"[,\s]+",
    r"[;\n]|[)\]]\s*,",
    r"\n|[)\]]\s*[)\]]\s*,",
)  # a copied "((1, 0), (0, 1))" is read as well
MOST_DEPTH = 3


def depth_of(field: Declared) -> int | None:
    """How many tuples lie within each other around numbers; None where there is something else in them."""
    if field.annotation in (int, float, int | float):
        return 0
    inner = depth_of(field.item) if field.item else None
    return None if inner is None or inner == MOST_DEPTH else inner + 1


def parsed(text: str) -> int | float | str:
    """The number that was meant, without regard to the country; what is none, as it stands."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def split(text: str, depth: int) -> Any:
    """What `joined` wrote; of a line that is half typed, what is no number stays text."""
    if depth == 0:
        return parsed(text.strip("()[] \t"))
    parts = re.split(SPLITS[depth - 1], text)
    return tuple(split(part, depth - 1) for part in parts if part.strip("()[], \t\n"))


def joined(numbers: Any, depth: int) -> str:
    """((1, 0), (0, 1)) is "1, 0" and "0, 1" below each other."""

    def join(entry: Any, level: int) -> str:
        return (
            JOINS[depth][level - 1].join(join(each, level - 1) for each in entry) if level else number(entry)
        )

    return join(numbers, depth)
