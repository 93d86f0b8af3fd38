"""Workers past this process, on Dask."""

from __future__ import annotations

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
        wanted, counted = self._wanted, time.monotonic()
        begun = {self._submit(act, block): block for block in islice(rest, wanted)}
        done = as_completed(list(begun), loop=self.client.loop)  # type: ignore[no-untyped-call]
        try:
            for future in done:
                error = None if future.status == "finished" else future.exception()
                if future.cancelled() or isinstance(error, CancelledError):
                    raise DeviceError("The scheduler was lost", "Start it, then give the same command again")
                yield begun.pop(future), error
                if time.monotonic() - counted > COUNT_SECONDS:
                    wanted, counted = self._wanted, time.monotonic()
                for block in islice(rest, max(0, wanted - len(begun))):
                    begun[new := self._submit(act, block)] = block
                    done.add(new)  # type: ignore[no-untyped-call]
        finally:
            self.client.cancel(list(begun))  # type: ignore[no-untyped-call]

    @property
    def _wanted(self) -> int:
        """Blocks that are to be begun at once."""
        return AHEAD * sum(self.client.nthreads().values()) or FIRST  # type: ignore[no-untyped-call]

    def _submit(self, act: Act, block: Block) -> Any:
        return self.client.submit(act, block, pure=False)


def _refuse_unsendable(act: Act) -> None:
    try:
        dumps(act)
    except (PicklingError, TypeError, AttributeError) as error:
        problem = "the image is in the memory of this program, other processes cannot read it"
        raise UserInputError("image", type(act).__name__, problem, "Save it to a file first") from error
