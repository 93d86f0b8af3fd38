"""Which blocks are finished, kept beside what they are written to."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.errors import StoreError, UserInputError, shown
from napari_dacapo.files import JsonError, append_line, atomic_write, parse_json, sync_file

FORMAT = 1
MOST_TOLD = 3  # differences in one message
LONGEST_LINE = 400  # bytes that tell of a block, at the most


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """A file of one line a finished block, on the disk after the block's data is.

    {"format": 1, "job": {...}, "plan": {...}, "about": {...}}
                                                    what is done, how it was cut into blocks at first, and
                                                    what else helps to go on
    {"stage": "prediction", "block": [0, 0, 104]}   durable
    """

    path: Path
    plan: Mapping[str, Any]
    _finished: dict[str, set[Voxels]] = field(default_factory=lambda: defaultdict(set))
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(
        cls,
        path: Path,
        job: Mapping[str, Any],
        plan: Mapping[str, Any],
        about: Mapping[str, Any] = MappingProxyType({}),
    ) -> Ledger:
        """The ledger of a job, a new one where there is none; `plan` and `about` count for a new one only.

        Raises UserInputError naming what differs where it is the ledger of another job.
        """
        if not path.exists():
            header = {"format": FORMAT, "job": dict(job), "plan": dict(plan), "about": dict(about)}
            atomic_write(path, f"{json.dumps(header)}\n".encode())
        _refuse_other_job(path, read_header(path)["job"], as_written(job))
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """The one that lies there, whatever its job. Raises StoreError where it is damaged."""
        ledger = cls(path, read_header(path)["plan"])
        for stage, start in _entries(path):
            ledger._finished[stage].add(start)
        return ledger

    @classmethod
    def retake(cls, path: Path, job: Mapping[str, Any], free: Collection[str], kept: str) -> None:
        """Make it the ledger of another job, with what is finished of one stage only.

        Raises UserInputError naming what differs besides the parts of the job that are `free` to.
        """
        header, now = read_header(path), as_written(job)
        _refuse_other_job(path, header["job"], now | {name: header["job"].get(name) for name in free})
        entries = ({"stage": stage, "block": start} for stage, start in _entries(path) if stage == kept)
        lines = map(json.dumps, (header | {"job": now}, *entries))
        atomic_write(path, ("\n".join(lines) + "\n").encode())

    def finished(self, stage: str) -> frozenset[Voxels]:
        """Where the finished blocks of a stage start."""
        return frozenset(self._finished[stage])

    def unfinished(self, stage: str, blocks: Iterable[Block]) -> list[Block]:
        finished = self._finished[stage]
        return [block for block in blocks if block.start not in finished]

    def finish(self, stage: str, block: Block) -> None:
        """Durable when it returns; the block's data must be so already."""
        line = json.dumps({"stage": stage, "block": block.start})
        with self._writing:
            append_line(self.path, line)
            sync_file(self.path)
            self._finished[stage].add(block.start)

    @property
    def stages(self) -> tuple[str, ...]:
        """Those of which something is finished."""
        return tuple(stage for stage, starts in self._finished.items() if starts)

    def forget(self, lost: Mapping[str, Collection[Voxels]]) -> None:
        """By stage, blocks that are to be done again, also where this process dies before that."""
        for stage, starts in lost.items():
            self._finished[stage] -= set(starts)
        lines = [json.dumps(read_header(self.path))]
        for stage, finished in self._finished.items():
            lines += [json.dumps({"stage": stage, "block": start}) for start in sorted(finished)]
        atomic_write(self.path, ("\n".join(lines) + "\n").encode())


def as_written(job: Mapping[str, Any]) -> dict[str, Any]:
    """As the ledger of the job gives it back: lists for tuples."""
    written: dict[str, Any] = json.loads(json.dumps(dict(job)))
    return written


def last_stage(path: Path) -> str:
    """The one of the last block that was finished; empty where none was, or the line is torn."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LINE))
        lines = file.read().splitlines()
    entries = list(entries_of(lines[-1:]))
    return entries[0][0] if entries else ""


def is_ledger(path: Path) -> bool:
    """Whether we wrote it."""
    try:
        read_header(path)
    except (OSError, StoreError):
        return False
    return True


def read_header(path: Path) -> dict[str, Any]:
    """The first line of a ledger. Raises StoreError where the file is none, or a newer one."""
    try:
        with path.open("rb") as file:
            header = parse_json(file.readline())
    except JsonError as error:
        raise StoreError(f"{path} is damaged: {error}. Choose another output folder.") from error
    if not isinstance(header, dict) or {"format", "job", "plan"} - header.keys():
        raise StoreError(f"{path} is no list of finished blocks. Choose another output folder.")
    if header["format"] != FORMAT:
        raise StoreError(f"{path} was written by a newer napari-dacapo. Update it, or choose another folder.")
    fields: dict[str, Any] = header
    return fields


def _entries(path: Path) -> Iterator[tuple[str, Voxels]]:
    """What every whole line says; one torn by a crash tells of no block."""
    with path.open("rb") as file:
        file.readline()
        yield from entries_of(file)


def entries_of(lines: Iterable[bytes]) -> Iterator[tuple[str, Voxels]]:
    for line in lines:
        try:
            entry = parse_json(line)
            yield str(entry["stage"]), tuple(map(int, entry["block"]))
        except (JsonError, TypeError, KeyError, ValueError):
            continue


def _refuse_other_job(path: Path, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    names = [name for name in dict.fromkeys((*there, *now)) if there.get(name) != now.get(name)]
    if not names:
        return
    told = (f"{name} {_short(there.get(name))}, now {_short(now.get(name))}" for name in names[:MOST_TOLD])
    problem = f"it was begun with {'; '.join(told)}"
    raise UserInputError("output", path.parent.parent.name, problem, "Choose another folder, or delete it")


def _short(value: object) -> str:
    text = "none" if value is None else shown(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
