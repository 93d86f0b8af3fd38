"""What went wrong, as one sentence and an exit code."""

import click

from napari_dacapo.errors import (
    BlocksError,
    CheckpointError,
    DacapoError,
    DeviceError,
    DiskFullError,
    StoreError,
    UnreachableError,
    UserInputError,
)
from napari_dacapo.files import DISK_IS_FULL

REFUSED_BY_SYSTEM = 1
WRONG_COMMAND = 2
DISK_FULL = 6
EXIT_CODES: dict[type[DacapoError], int] = {
    UserInputError: 3,
    StoreError: 4,
    CheckpointError: 5,
    DiskFullError: DISK_FULL,
    DeviceError: 7,
    BlocksError: 8,
    UnreachableError: 9,
}


def exit_code(error: DacapoError | OSError) -> int:
    if isinstance(error, OSError):
        return DISK_FULL if error.errno in DISK_IS_FULL else REFUSED_BY_SYSTEM
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


def say(error: DacapoError | OSError) -> None:
    """The error's sentence, and below it what else was found wrong."""
    text = _system_text(error) if isinstance(error, OSError) else str(error)
    click.secho("Error: ", fg="red", nl=False, err=True)
    click.echo(text, err=True)
    for note in getattr(error, "__notes__", []):
        click.echo(f"  {note}", err=True)


def _system_text(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
