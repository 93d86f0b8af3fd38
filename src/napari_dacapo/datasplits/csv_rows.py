"""A table of datasets, as DaCapo's generator of datasplits reads it.

train, raw.zarr, em, truth.zarr, labels/[mito&er]
val,   raw.zarr, em, truth.zarr, labels/mito,     mask.zarr, known
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.errors import UserInputError

COLUMNS = ("train or val", "raw file", "raw array", "labels file", "labels array", "mask file", "mask array")
NEEDED = 5
USES = {"train": False, "val": True, "validate": True}
CLASSES = re.compile(r"(?P<before>.*)\[(?P<names>[^\[\]]+)\](?P<after>.*)")
MOST_BYTES = 16 << 20

Place = tuple[str, str]  # file, and array in it


@dataclass(frozen=True, slots=True)
class Row:
    """One dataset."""

    number: int  # of the line, from 1
    validates: bool
    raw: Place
    labels: tuple[Place, ...]  # one for each class
    classes: tuple[str, ...]
    mask: Place | None


def rows_of(path: Path) -> tuple[Row, ...]:
    """Every row; empty ones, comments (#) and a first line of titles are left out.

    Raises UserInputError naming the line that is wrong.
    """
    return tuple(_row(path, number, cells) for number, cells in _cells(path))


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserInputError("path", str(path), "it is too large for a table", "Choose the table itself")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserInputError("path", str(path), f"it cannot be read: {reason}", "Choose a CSV file") from None
    for number, line in enumerate(csv.reader(text.splitlines(), skipinitialspace=True), start=1):
        cells = [cell.strip() for cell in line]
        is_title = number == 1 and cells and cells[0].casefold() not in USES
        if any(cells) and not cells[0].startswith("#") and not is_title:
            yield number, cells


def _row(path: Path, number: int, cells: list[str]) -> Row:
    use, *rest = cells
    if use.casefold() not in USES:
        problem = f"line {number} of {path.name} begins with neither train nor val"
        raise UserInputError("path", use, problem, f"Write {', '.join(COLUMNS[:NEEDED])}")
    if not NEEDED <= len(cells) <= len(COLUMNS) or not all(rest[:1] + rest[2:3]):
        problem = f"line {number} of {path.name} has {len(cells)} columns"
        raise UserInputError("path", ", ".join(cells), problem, f"Write {', '.join(COLUMNS[:NEEDED])}")
    raw_file, raw_array, labels_file, labels_array, *mask = [*rest, *[""] * (len(COLUMNS) - len(cells))]
    classes, arrays = _classes(labels_array)
    return Row(
        number=number,
        validates=USES[use.casefold()],
        raw=(raw_file, raw_array),
        labels=tuple((labels_file, array) for array in arrays),
        classes=classes,
        mask=(mask[0], mask[1]) if mask[0] else None,
    )


def _classes(array: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of labels/[mito&er]: mito in labels/mito, and er in labels/er. Without brackets the array's name."""
    found = CLASSES.fullmatch(array)
    if found is None:
        return (array.rstrip("/").rpartition("/")[2] or "labels",), (array,)
    names = tuple(name.strip() for name in found["names"].split("&") if name.strip())
    return names, tuple(f"{found['before']}{name}{found['after']}" for name in names)
