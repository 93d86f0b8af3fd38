"""Workers past this process, on Dask."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pickle import PicklingError, dumps
from typing import TYPE_CHECKING, Any

from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.workers import Act, Outcome
from napari_dacapo.errors import DeviceError, UserInputError

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

AHEAD = 2  # blocks a thread has waiting, so that it never waits itself
FIRST = 8  # blocks begun before any worker is there
COUNT_SECONDS = 2.0  # from one count of the workers, which come and go, to the next


@dataclass(frozen=True, slots=True)
class DaskWorkers:
    """A block whose worker is lost goes to another one."""

    client: Client

    def each(self, act: Act, blocks: Iterable[Block]) -> Iterator[Outcome]:
        from distributed import CancelledError, as_completed

        _refuse_unsendable(act)
        rest = iter(blocks)
        threads, counted = self._threads, time.monotonic()
        if not threads:
            log.warning("No worker is there yet; the work begins when the first one comes")
        begun = {self._submit(act, block): block for block in islice(rest, AHEAD * threads or FIRST)}
        done = as_completed(list(begun), loop=self.client.loop)  # type: ignore[no-untyped-call]
        try:
            for future in done:
                error = None if future.status == "finished" else future.exception()
                if future.cancelled() or isinstance(error, CancelledError):
                    raise DeviceError("The scheduler was lost", "Start it, then give the same command again")
                yield begun.pop(future), error
                if time.monotonic() - counted > COUNT_SECONDS:
                    threads, counted = self._count(threads), time.monotonic()
                for block in islice(rest, max(0, (AHEAD * threads or FIRST) - len(begun))):
                    begun[new := self._submit(act, block)] = block
                    done.add(new)  # type: ignore[no-untyped-call]
        finally:
            self.client.cancel(list(begun))  # type: ignore[no-untyped-call]

    @property
    def _threads(self) -> int:
        """Of all workers that are there now."""
        return sum(self.client.nthreads().values())  # type: ignore[no-untyped-call]

    def _count(self, before: int) -> int:
        """The threads there are now; it is logged where that are others than before."""
        threads = self._threads
        if threads < before:
            log.warning("Workers were lost: %d threads of %d are left", threads, before)
        elif threads > before:
            log.info("Workers came: %d threads, %d before", threads, before)
        return threads

    def _submit(self, act: Act, block: Block) -> Any:
        return self.client.submit(act, block, pure=False)


def _refuse_unsendable(act: Act) -> None:
    try:
        dumps(act)
    except (PicklingError, TypeError, AttributeError) as error:
        problem = "the image is in the memory of this program, other processes cannot read it"
        raise UserInputError("image", type(act).__name__, problem, "Save it to a file first") from error
