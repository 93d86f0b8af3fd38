"""Workers past this process, on Dask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from pickle import PicklingError, dumps
from typing import TYPE_CHECKING, Any

from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.workers import Act, Outcome
from napari_dacapo.errors import DeviceError, UserInputError

if TYPE_CHECKING:
    from distributed import Client

THREADS = 3  # of a worker: while one computes, others read and write
CONNECT_SECONDS = 20
AHEAD = 2  # blocks a thread has waiting, so that it never waits itself


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where blocks are worked on: an existing scheduler, or processes of this machine; neither: here."""

    scheduler: str = ""  # tcp://host:port, or the path of a scheduler file
    processes: int = 0

    @property
    def is_here(self) -> bool:
        return not self.scheduler and not self.processes

    @contextmanager
    def open(self) -> Iterator[DaskWorkers]:
        """Raises UserInputError where Dask is not installed or the scheduler does not answer."""
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            fix = "Install it: pip install 'napari-dacapo[cluster]'"
            raise UserInputError("scheduler", self._title, "Dask is not installed", fix) from None
        if self.scheduler:
            with _connected(self.scheduler) as client:
                yield DaskWorkers(client)
            return
        local = LocalCluster(self.processes, threads_per_worker=THREADS, dashboard_address="127.0.0.1:0")  # type: ignore[no-untyped-call]
        with local, Client(local) as client:  # type: ignore[no-untyped-call]
            yield DaskWorkers(client)

    @property
    def _title(self) -> str:
        return self.scheduler or f"{self.processes} processes"


@dataclass(frozen=True, slots=True)
class DaskWorkers:
    """A block whose worker is lost goes to another one."""

    client: Client

    def each(self, act: Act, blocks: Iterable[Block]) -> Iterator[Outcome]:
        from distributed import CancelledError, as_completed

        _refuse_unsendable(act)
        rest = iter(blocks)
        threads = sum(self.client.nthreads().values()) or THREADS  # type: ignore[no-untyped-call]
        begun = {self._submit(act, block): block for block in islice(rest, AHEAD * threads)}
        done = as_completed(list(begun), loop=self.client.loop)  # type: ignore[no-untyped-call]
        try:
            for future in done:
                error = future.exception()
                if future.cancelled() or isinstance(error, CancelledError):
                    raise DeviceError("The scheduler was lost", "Start it, then give the same command again")
                yield begun.pop(future), error
                for block in islice(rest, 1):
                    begun[new := self._submit(act, block)] = block
                    done.add(new)  # type: ignore[no-untyped-call]
        finally:
            self.client.cancel(list(begun))  # type: ignore[no-untyped-call]

    def _submit(self, act: Act, block: Block) -> Any:
        return self.client.submit(act, block, pure=False)


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    from distributed import Client

    wish = {"address": scheduler} if "://" in scheduler else {"scheduler_file": scheduler}
    if "scheduler_file" in wish and not Path(scheduler).is_file():
        raise UserInputError("scheduler", scheduler, "there is no such file", "Give it, or tcp://host:port")
    try:
        client = Client(**wish, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        problem = f"it does not answer ({str(error)[:80]})"
        raise UserInputError("scheduler", scheduler, problem, "Start it: dask scheduler") from error
    with client:
        yield client


def _refuse_unsendable(act: Act) -> None:
    try:
        dumps(act)
    except (PicklingError, TypeError, AttributeError) as error:
        problem = "the image is in the memory of this program, other processes cannot read it"
        raise UserInputError("image", type(act).__name__, problem, "Save it to a file first") from error
