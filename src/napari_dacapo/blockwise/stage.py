"""One thing done to every block of a grid: what is done already is left, what fails is tried again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.workers import Act, Workers
from napari_dacapo.errors import (
    BlocksError,
    CheckpointError,
    DeviceError,
    DiskFullError,
    ImageChangedError,
    StoreError,
    UnreachableError,
)

log = logging.getLogger(__name__)

TRIES = 3  # of a block that fails
# no other block fares better
HOPELESS = (DiskFullError, DeviceError, CheckpointError, StoreError, UnreachableError, ImageChangedError)


@dataclass(frozen=True, slots=True)
class BlockDone:
    """A block is durable and in the ledger."""

    stage: str
    done: int  # those of earlier starts counted in
    of: int


def run_stage(
    stage: str, act: Act, blocks: Iterable[Block], ledger: Ledger, workers: Workers
) -> Iterator[BlockDone]:
    """Do what is unfinished; blocks that fail are tried again when the others are done.

    Raises BlocksError listing those that failed every time, and at once what no block can get over.
    """
    everything = list(blocks)
    waiting = ledger.unfinished(stage, everything)
    done = len(everything) - len(waiting)
    failed: dict[Voxels, BaseException] = {}
    for attempt in range(1, TRIES + 1):
        failed = {}
        for block, error in workers.each(act, waiting):
            if error is None:
                done += 1
                ledger.finish(stage, block)
                yield BlockDone(stage, done, len(everything))
            elif isinstance(error, HOPELESS) or not isinstance(error, Exception):
                raise error
            else:
                failed[block.start] = error
                log.warning(
                    "%s block %s failed, try %d of %d: %s", stage, block.start, attempt, TRIES, _reason(error)
                )
        waiting = [block for block in waiting if block.start in failed]
        if not waiting:
            return
    raise BlocksError(stage, len(everything), {start: _reason(error) for start, error in failed.items()})


def _reason(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__
