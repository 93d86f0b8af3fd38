"""Whose turn it is to write a volume."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import IOBase
from pathlib import Path
from typing import Self
from uuid import uuid4

from napari_dacapo.errors import StoreError
from napari_dacapo.files import raise_if_full

WRITING_SECONDS = 60.0  # that a block takes to be written, at the most
LOOK_SECONDS = 0.02
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Turn:
    """One start of the work on a volume, by a token in a file.

    A worker on another machine may still compute a block when the program that sent it was killed. What it
    computes for a start that is over must not be written: the next start may be done with that block, or
    have made something else of it.
    """

    path: Path | None = None  # None: nobody else can be at work
    token: bytes = b""

    @classmethod
    def take(cls, path: Path) -> None:
        """Nothing of an earlier start is written any more.

        Raises StoreError where one still is at it, DiskFullError.
        """
        try:
            with path.open("ab", buffering=0) as file:
                _wait_for_writers(file, path)
                file.truncate(0)
                file.write(uuid4().hex.encode())
        except OSError as error:
            raise_if_full(error, path, TOKEN_BYTES)
            raise

    @classmethod
    def present(cls, path: Path) -> Self:
        """The one that was taken last."""
        return cls(path, path.read_bytes())

    @contextmanager
    def held(self) -> Iterator[None]:
        """While something is written. Raises StoreError where the turn is over."""
        if self.path is None:
            yield
            return
        with self.path.open("rb") as file:
            if not _locks(file, shared=True) or file.read() != self.token:
                raise StoreError(f"A later command works on {self.path.parent.parent}; this one ends.")
            yield


ANYBODYS = Turn()


def _wait_for_writers(file: IOBase, path: Path) -> None:
    ends = time.monotonic() + WRITING_SECONDS
    while not _locks(file, shared=False):
        if time.monotonic() > ends:
            cause = f"A worker of an earlier command still writes into {path.parent.parent}"
            raise StoreError(f"{cause}. Wait for it, or end it, then give the command again.")
        time.sleep(LOOK_SECONDS)


if sys.platform == "win32":

    def _locks(file: IOBase, shared: bool) -> bool:
        """There is no lock there that several hold."""
        return True

else:
    import fcntl

    def _locks(file: IOBase, shared: bool) -> bool:
        """Whether it is locked now, until it is closed; by many if shared, else by nobody else."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
