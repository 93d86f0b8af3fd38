"""Where the command line starts and ends: no traceback for what a user, a disk or a signal does."""

import os
import signal
import sys
from io import BytesIO, TextIOWrapper


def main() -> None:
    """Errors are one sentence and an exit code."""
    _take_any_character()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more Ctrl-C does not spoil the way out
    sys.exit(_flushed(code))


def _take_any_character() -> None:
    """A name in another script, or a closed output, must not end a command."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, TextIOWrapper(BytesIO()))
        getattr(sys, name).reconfigure(errors="backslashreplace")


def _run() -> int:
    """Imported in here, so that Ctrl-C meanwhile is caught, too."""
    import click

    from napari_dacapo.cli.command import cli
    from napari_dacapo.cli.failures import WRONG_COMMAND, exit_code, say
    from napari_dacapo.errors import DacapoError

    try:
        return int(cli(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return WRONG_COMMAND
    except click.Abort:
        return 128 + signal.SIGINT
    except (DacapoError, OSError) as error:
        say(error)
        return exit_code(error)
    except SystemExit as stop:
        return int(stop.code or 0)


def _flushed(code: int) -> int:
    """Write out what was printed; what nobody reads, or a full disk does not take, goes nowhere."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return code or 1
        return code or _said(error)
    return code


def _said(error: OSError) -> int:
    from napari_dacapo.cli.failures import exit_code, say

    say(error)
    return exit_code(error)
