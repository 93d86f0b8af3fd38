"""Who works on blocks: threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from napari_dacapo.blockwise.grid import Block

Act = Callable[[Block], None]  # may be done again; what it writes is durable when it returns
Outcome = tuple[Block, BaseException | None]


class Workers(Protocol):
    """Work on many blocks at once."""

    def each(self, act: Act, blocks: Iterable[Block]) -> Iterator[Outcome]:
        """Every block as it is done, with what went wrong. Closing waits for those begun."""


@dataclass(frozen=True, slots=True)
class Threads:
    """So many blocks are in memory at once: while one is computed, others are read and written."""

    count: int

    def each(self, act: Act, blocks: Iterable[Block]) -> Iterator[Outcome]:
        rest = iter(blocks)
        begun: dict[Future[None], Block] = {}
        pool = ThreadPoolExecutor(self.count, "block")
        try:
            while True:
                for block in islice(rest, self.count - len(begun)):
                    begun[pool.submit(act, block)] = block
                if not begun:
                    return
                done, _ = wait(begun, return_when=FIRST_COMPLETED)
                for future in done:
                    yield begun.pop(future), future.exception()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
