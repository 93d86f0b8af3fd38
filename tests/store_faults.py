"""A file system that fails, or ends the process, at a call of choice."""

import os
import signal
from pathlib import Path
from typing import Any

PRIMITIVES = ("mkdir", "open", "write", "fsync", "link", "replace", "unlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class PowerCutError(BaseException):
    """Ends everything at once."""


class FailingDisk:
    """Counts what changes the file system. At call number `at`, and after it if `lasting`, `fault` happens.

    A fault is an error number, "cut" (an exception nothing catches, which no later call survives) or "kill"
    (the process is gone). A write at which the power ends is half done.
    """

    def __init__(self, patch: Any, at: int = -1, fault: int | str = 0, lasting: bool = False) -> None:
        self.calls: list[tuple[str, Path]] = []
        self.at, self.fault, self.lasting = at, fault, lasting or fault == "cut"
        for name in PRIMITIVES:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, call: Any) -> Any:
        def watched(target: Any, *rest: Any, **options: Any) -> Any:
            if name == "open" and not rest[0] & WRITING:
                return call(target, *rest, **options)
            number = len(self.calls)
            self.calls.append((name, _path(target, name, rest)))
            if number == self.at or (self.lasting and number > self.at >= 0):
                if name == "write" and isinstance(self.fault, str):
                    call(target, bytes(rest[0])[: len(rest[0]) // 2])
                self._fail()
            return call(target, *rest, **options)

        return watched

    def _fail(self) -> None:
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "cut":
            raise PowerCutError
        raise OSError(self.fault, os.strerror(int(self.fault)))


def _path(target: Any, name: str, rest: tuple[Any, ...]) -> Path:
    """What is changed: of a descriptor the file it is of, of a replacement the final name."""
    if isinstance(target, int):
        return Path(os.readlink(f"/proc/self/fd/{target}"))
    return Path(rest[0] if name in ("replace", "link") else target)
