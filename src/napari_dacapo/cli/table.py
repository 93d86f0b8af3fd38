"""Tables for the eye, in a window or a file, and as comma-separated values for programs."""

import csv
import math
import shutil
import sys
from collections.abc import Iterable, Sequence

import click
from rich.cells import cell_len

Cell = str | int | float | None
GAP = "  "


class Best(float):
    """A score that none beats; it is marked."""


def print_table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Columns side by side. A terminal shows as many columns of numbers as fit and names the others."""
    cells = [[row[i] for row in rows] for i in range(len(header))]
    columns = [_column(title, column) for title, column in zip(header, cells, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else math.inf
    last_text = max((i for i, column in enumerate(cells, start=1) if _is_text(column)), default=1)
    shown = max(last_text, _fitting(columns, room))
    for number, line in enumerate(zip(*columns[:shown], strict=True)):
        text = GAP.join(line).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else _marked(text))
    if shown < len(header):
        click.echo(f"No room for {', '.join(header[shown:])}: widen the window, or add --csv.", err=True)


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Every digit; what is not there is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([None if _is_nothing(cell) else cell for cell in row] for row in rows)


def _column(title: str, cells: Sequence[Cell]) -> list[str]:
    texts = [title, *map(_text, cells)]
    width = max(map(cell_len, texts))
    padding = (" " * (width - cell_len(text)) for text in texts)
    pairs = zip(texts, padding, strict=True)
    return [text + room for text, room in pairs] if _is_text(cells) else [room + text for text, room in pairs]


def _is_text(cells: Sequence[Cell]) -> bool:
    return any(isinstance(cell, str) for cell in cells)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if cell is None:
        return "-"
    if _is_nothing(cell):
        return "- "
    if isinstance(cell, float):
        return f"{cell:.4f}" + ("*" if isinstance(cell, Best) else " ")
    return f"{cell:,}"


def _is_nothing(cell: Cell) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _fitting(columns: Sequence[Sequence[str]], room: float) -> int:
    """How many columns a line has room for."""
    used = -len(GAP)
    for count, column in enumerate(columns):
        used += len(GAP) + cell_len(column[0])
        if used > room:
            return count
    return len(columns)


def _marked(text: str) -> str:
    """Numbers with a star in green."""
    words = text.split(" ")
    return " ".join(
        click.style(word, fg="green", bold=True) if word.endswith("*") else word for word in words
    )
