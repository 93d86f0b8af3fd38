"""Workers that a Dask scheduler already has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.dask import require_dask
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 20


class Scheduler(Cluster):
    """Work on the workers of a Dask scheduler that runs already; they need the same paths as here."""

    address: Annotated[str, Field(min_length=1)]
    "tcp://host:port, or the path of the file that `dask scheduler --scheduler-file` writes."

    @contextmanager
    def connect(self) -> Iterator[Client]:
        require_dask(self.address)
        from distributed import Client

        is_file = "://" not in self.address
        if is_file and not Path(self.address).is_file():
            fix = "Give it, or tcp://host:port"
            raise UserInputError("scheduler", self.address, "there is no such file", fix)
        wish = {"scheduler_file" if is_file else "address": self.address}
        try:
            client = Client(**wish, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            problem = f"it does not answer ({str(error)[:80]})"
            raise UserInputError("scheduler", self.address, problem, "Start it: dask scheduler") from error
        with client:
            yield client
