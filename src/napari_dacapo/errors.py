"""Every error that a user can meet.

    DacapoError
    ├── UserInputError     a value that someone typed, chose or wrote cannot be used
    │   └── ImageChangedError    an image is not what it was when the work on it began
    ├── StoreError         the store of named records cannot be read or written
    ├── CheckpointError    a checkpoint is missing, damaged or does not fit
    ├── DiskFullError      the disk has no room for what is to be written
    ├── DeviceError        the computing device failed
    ├── UnreachableError   data on another computer cannot be read
    └── BlocksError        some blocks of a large volume could not be done

None derives from RuntimeError: napari's generator workers swallow those.
"""

from collections.abc import Mapping
from pathlib import Path

SHOWN_CHARACTERS = 80


class DacapoError(Exception):
    """Any error of this package; its text is one or two sentences for a person."""


class UserInputError(DacapoError):
    """A value that cannot be used: which field, what came, why not, and what to do."""

    def __init__(self, field: str, value: object, problem: str, fix: str = "") -> None:
        super().__init__(field, value, problem, fix)
        self.field = field
        self.value = value
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        sentence = f"{self.field} is {shown(self.value)}: {_ended(self.problem)}"
        return f"{sentence} {_ended(self.fix)}" if self.fix else sentence


class ImageChangedError(UserInputError):
    """An image is not what it was when the work on it began; what was finished is kept."""


class StoreError(DacapoError):
    """The store of named records cannot be read or written; nothing in it was changed."""


class CheckpointError(DacapoError):
    """A checkpoint is missing, damaged or does not fit the network; the network is untouched."""


class DiskFullError(DacapoError):
    """The disk has no room; what stood there before is untouched."""

    def __init__(self, path: Path, needed: int, free: int) -> None:
        super().__init__(path, needed, free)
        self.path = path
        self.needed = needed
        self.free = free

    def __str__(self) -> str:
        return (
            f"The disk is full: {self.path} needs {self.needed:,} bytes, {self.free:,} are free. "
            "Free some space and try again; what was there before is unchanged."
        )


class DeviceError(DacapoError):
    """The computing device failed; `restart_needed` says that this process cannot use it again."""

    def __init__(self, problem: str, fix: str, restart_needed: bool = False) -> None:
        super().__init__(problem, fix, restart_needed)
        self.problem = problem
        self.fix = fix
        self.restart_needed = restart_needed

    def __str__(self) -> str:
        return f"{_ended(self.problem)} {_ended(self.fix)}"


class UnreachableError(DacapoError):
    """Data on another computer cannot be read: the network, the server or the address."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.address[-SHOWN_CHARACTERS:]} cannot be read: {_ended(self.reason)} "
            "Look at the network and the address, then start again; what was finished is kept."
        )


class BlocksError(DacapoError):
    """Some blocks failed every time they were tried; the others are kept. Its notes list every one."""

    def __init__(self, stage: str, of: int, reasons: Mapping[tuple[int, ...], str]) -> None:
        super().__init__(stage, of, dict(reasons))
        self.stage = stage
        self.of = of
        self.reasons = dict(reasons)
        self.__notes__ = [f"block {start}: {reason}" for start, reason in self.reasons.items()]

    def __str__(self) -> str:
        start, reason = next(iter(self.reasons.items()))
        return (
            f"{len(self.reasons)} of {self.of} blocks failed ({self.stage}), the first at {start}: "
            f"{_ended(reason[:160])} The others are kept; start again to try these once more."
        )


def shown(value: object) -> str:
    """The value as a message shows it, at most 80 characters long; where there is none, that."""
    if value is None:
        return "missing"
    if isinstance(value, str | tuple | list) and not value:
        return "empty"
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence.rstrip('.')}."
