"""What a run's training measured: a line an iteration, and a line a validation."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from napari_dacapo.files import append_line, atomic_write, sync_file

CHUNK = 1 << 20  # bytes parsed at once: holds the interpreter for 20 ms
CHECKSUM = ', "crc32": "'  # before eight hexadecimal digits, the last of a line

Parameters = Mapping[str, float | int | str | bool]


@dataclass(frozen=True, slots=True)
class Iterations:
    """The training steps in order, every array (n,)."""

    iteration: NDArray[np.int64]  # counted from 1
    loss: NDArray[np.float64]  # NaN where the step was skipped
    learning_rate: NDArray[np.float64]
    seconds: NDArray[np.float64]
    waited: NDArray[np.float64]  # seconds of them spent waiting for data


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """The scores of one point of the post-processing grid on one dataset."""

    iteration: int
    dataset: str
    parameters: Parameters
    scores: Mapping[str, float]  # NaN where there is none


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was measured."""

    iterations: Iterations
    validations: tuple[ValidationRow, ...]
    unreadable: int  # lines that are damaged; one torn by a crash is the usual


class History:
    """The file `history.jsonl` in a run's folder; lines are appended, never changed.

    {"kind": "iteration", "iteration": 7, ..., "crc32": "0b3ff1ac"}     of what stands before it in the line
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.jsonl"
        self._ends_whole = False  # whether its last line is known to be whole

    def append_iteration(
        self, iteration: int, loss: float, learning_rate: float, seconds: float, waited: float
    ) -> None:
        measured = {"loss": loss, "learning_rate": learning_rate, "seconds": seconds, "waited": waited}
        self._append(_line("iteration", iteration, _json_numbers(measured)))

    def append_many(self, rows: Iterable[ValidationRow]) -> None:
        """All rows of an iteration in one line: a crash leaves all of them or none. Durable on return."""
        for iteration, group in groupby(rows, key=lambda row: row.iteration):
            stored = [_stored(row) for row in group]
            self._append(_line("validation", iteration, {"rows": stored}))
            sync_file(self.path)

    def read(self) -> Record:
        """Everything, damaged lines left out; of an iteration validated twice, the later scores."""
        return _record(self._chunks())

    def growing(self) -> Iterator[Record]:
        """Each time what was written since the last; from the beginning where the file was written anew."""
        file_number, place = 0, 0
        while True:
            now = self.path.stat() if self.path.exists() else None
            if now is None or now.st_ino != file_number or now.st_size < place:
                file_number, place = 0 if now is None else now.st_ino, 0
            lines, place = self._whole_lines(place)
            yield _record([lines])

    def truncate_to(self, iteration: int) -> None:
        """Forget what comes after an iteration, and damaged lines: training goes on from there."""
        kept: list[bytes] = []
        dropped = not self._is_whole()
        for chunk in self._chunks():
            parsed = zip(chunk, _parsed(chunk), strict=True)
            early = [line + b"\n" for line, read in parsed if read and read["iteration"] <= iteration]
            dropped = dropped or len(early) < len(chunk)
            kept.append(b"".join(early))
        if dropped:
            atomic_write(self.path, b"".join(kept))
        self._ends_whole = True

    def _append(self, line: str) -> None:
        if not self._ends_whole and not self._is_whole():
            line = "\n" + line  # what a crash tore stays a line of its own
        append_line(self.path, line)
        self._ends_whole = True

    def _is_whole(self) -> bool:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() == b"\n"

    def _whole_lines(self, place: int) -> tuple[list[bytes], int]:
        """Those from a place in the file on, and where the next one begins."""
        if not self.path.exists():
            return [], 0
        with self.path.open("rb") as file:
            file.seek(place)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        return whole.splitlines(), place + len(whole)

    def _chunks(self) -> Iterator[list[bytes]]:
        """The lines without their ends, some megabytes at a time."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            while lines := file.readlines(CHUNK):
                yield [line.rstrip(b"\n") for line in lines if line != b"\n"]


class _IterationLine(TypedDict):
    kind: Literal["iteration"]
    iteration: int
    loss: float | None
    learning_rate: float | None
    seconds: float | None
    waited: float | None


class _StoredRow(TypedDict):
    dataset: str
    parameters: dict[str, bool | int | float | str]
    scores: dict[str, float | None]


class _ValidationLine(TypedDict):
    kind: Literal["validation"]
    iteration: int
    rows: list[_StoredRow]


_Line = Annotated[_IterationLine | _ValidationLine, Field(discriminator="kind")]
_LINE: TypeAdapter[Any] = TypeAdapter(_Line)
_LINES: TypeAdapter[Any] = TypeAdapter(list[_Line])
_COLUMNS = ("iteration", "loss", "learning_rate", "seconds", "waited")


def _record(chunks: Iterable[list[bytes]]) -> Record:
    blocks = [np.empty((0, 5))]
    validations: dict[int, tuple[ValidationRow, ...]] = {}
    unreadable = 0
    for chunk in chunks:
        lines = _parsed(chunk)
        unreadable += lines.count(None)
        blocks.append(_table(line for line in lines if line and line["kind"] == "iteration"))
        for line in lines:
            if line and line["kind"] == "validation":
                validations[line["iteration"]] = _rows(line)
    rows = tuple(row for group in validations.values() for row in group)
    return Record(_iterations(np.concatenate(blocks)), rows, unreadable)


def _line(kind: str, iteration: int, values: Mapping[str, Any]) -> str:
    content = json.dumps({"kind": kind, "iteration": iteration, **values}, allow_nan=False).removesuffix("}")
    return f'{content}{CHECKSUM}{zlib.crc32(content.encode()):08x}"}}'


def _stored(row: ValidationRow) -> dict[str, Any]:
    return {"dataset": row.dataset, "parameters": dict(row.parameters), "scores": _json_numbers(row.scores)}


def _json_numbers(values: Mapping[str, float]) -> dict[str, float | str | None]:
    """JSON knows neither NaN, stored as null, nor the infinities, stored as text."""
    return {name: _json_number(float(value)) for name, value in values.items()}


def _json_number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _parsed(lines: list[bytes]) -> list[Any]:
    """Each line's object; None for a damaged one. All at once is several times faster than one by one."""
    try:
        parsed: list[Any] = _LINES.validate_json(b"[" + b",".join(lines) + b"]")
    except ValidationError:
        return [_parsed_line(line) for line in lines]
    if len(parsed) != len(lines) or not all(map(_is_as_written, lines)):
        return [_parsed_line(line) for line in lines]
    return parsed


def _parsed_line(line: bytes) -> Any:
    try:
        return _LINE.validate_json(line) if _is_as_written(line) else None
    except ValidationError:
        return None


def _is_as_written(line: bytes) -> bool:
    """Whether its checksum is right; lines of earlier versions have none."""
    content, mark, checksum = line.rpartition(CHECKSUM.encode())
    return not mark or checksum == b'%08x"}' % zlib.crc32(content)


def _table(lines: Iterable[_IterationLine]) -> NDArray[np.float64]:
    """A row a line, (n, 5); numpy reads None as NaN."""
    rows = [tuple(map(line.__getitem__, _COLUMNS)) for line in lines]
    return np.array(rows, np.float64).reshape(-1, len(_COLUMNS))


def _iterations(table: NDArray[np.float64]) -> Iterations:
    iteration, *measured = table.T
    return Iterations(iteration.astype(np.int64), *measured)


def _rows(line: _ValidationLine) -> tuple[ValidationRow, ...]:
    return tuple(
        ValidationRow(
            iteration=line["iteration"],
            dataset=row["dataset"],
            parameters=row["parameters"],
            scores={name: math.nan if score is None else score for name, score in row["scores"].items()},
        )
        for row in line["rows"]
    )
