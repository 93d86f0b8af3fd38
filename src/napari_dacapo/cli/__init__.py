"""The command line: define, train, validate and compare runs by name."""

from napari_dacapo.cli.start import main

__all__ = ["main"]
