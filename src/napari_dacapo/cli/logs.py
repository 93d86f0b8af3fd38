"""What the program logs while it works, on the error stream."""

import logging

import click

LEVELS = ("debug", "info", "warning", "error", "critical")


def log_from(level: str) -> None:
    """Show what is as grave as that, or graver."""
    logger = logging.getLogger("napari_dacapo")
    logger.handlers = [ErrorStream()]
    logger.setLevel(level.upper())


class ErrorStream(logging.Handler):
    """The stream that is there when something is logged: a progress bar takes its place for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)
