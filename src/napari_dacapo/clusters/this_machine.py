"""No other processes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from napari_dacapo.clusters.cluster import Cluster

if TYPE_CHECKING:
    from distributed import Client


class ThisMachine(Cluster):
    """Work in this program: blocks in its threads, runs one after another."""

    @property
    def is_here(self) -> bool:
        return True

    def connect(self) -> AbstractContextManager[Client]:
        raise TypeError("there is nothing to connect to")
