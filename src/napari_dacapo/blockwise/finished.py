"""Which blocks are finished, as told by a ledger that another thread or process writes."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.ledger import entries_of

Entry = tuple[str, Voxels]  # the stage, and where the block starts


class Finished:
    """Each look reads on from where the one before ended; a ledger that was written anew is read anew."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._file: tuple[int, bytes] = (0, b"")  # its number on the disk, and its first line
        self._read = 0  # bytes
        self.entries: list[Entry] = []  # in the order they were finished; another list after a new start
        self._starts: dict[str, set[Voxels]] = defaultdict(set)

    def of(self, stage: str) -> set[Voxels]:
        return self._starts[stage]

    def look(self) -> None:
        """Nothing new where there is no ledger."""
        try:
            with self._ledger.open("rb") as file:
                state = os.fstat(file.fileno())
                found = (state.st_ino, file.readline())
                if found != self._file or state.st_size < self._read:
                    self._file, self._read = found, 0
                    self.entries, self._starts = [], defaultdict(set)
                file.seek(self._read)
                told = file.read()
        except FileNotFoundError:
            return
        whole = told[: told.rfind(b"\n") + 1]  # the last line may be half written
        self._read += len(whole)
        for entry in entries_of(whole.splitlines()):
            self.entries.append(entry)
            self._starts[entry[0]].add(entry[1])
