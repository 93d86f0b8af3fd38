"""Dask, which is optional."""

import logging
import signal
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from napari_dacapo.errors import UserInputError

PACKAGES = ("distributed", "dask_jobqueue")  # what the extra `cluster` installs


def require_dask(where: str) -> None:
    """Raises UserInputError where it is not installed; `where` it was to be used.

    A scheduler that was lost is told in a sentence of ours, without what its client logs.
    """
    if any(find_spec(package) is None for package in PACKAGES):
        fix = "Install it: pip install 'napari-dacapo[cluster]'"
        raise UserInputError("cluster", where, "Dask is not installed", fix)
    import_module("distributed")  # which sets levels of its own
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)


def job_queues() -> Any:
    """The module dask_jobqueue. What it does to Ctrl-C when it is imported is left out.

    It would end a training without saving it, and cannot be done in a thread.
    """
    heed = signal.signal
    signal.signal = lambda *_: None
    try:
        return import_module("dask_jobqueue")
    finally:
        signal.signal = heed
