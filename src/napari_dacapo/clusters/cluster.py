"""Where blocks and runs are worked on, as a record."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from napari_dacapo.config import Family

if TYPE_CHECKING:
    from distributed import Client

WORKER_THREADS = 3  # of a worker: while one computes, others read and write


class Cluster(Family):
    """Where blocks of a volume and the runs of a queue are worked on."""

    @property
    def is_here(self) -> bool:
        """Whether it is this process, and nothing is to be connected."""
        return False

    @property
    def submits_jobs(self) -> bool:
        """Whether there is a job script."""
        return False

    @property
    def explained(self) -> str:
        """What it is, in a line."""
        return (type(self).__doc__ or "").splitlines()[0]

    @abstractmethod
    def connect(self) -> AbstractContextManager[Client]:
        """Its workers for as long as one is in it; those that were started for this end with it.

        Raises UserInputError where Dask is not installed, or nothing answers.
        """

    def job_script(self) -> str:
        """What a queueing system is given for each worker; empty where there is none."""
        return ""
