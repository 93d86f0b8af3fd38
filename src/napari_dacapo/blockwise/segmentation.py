"""From a stored prediction to one segmentation, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.holes import JoinHoles, fill_holes
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.numbering import FillHoles, NumberParts, number_objects
from napari_dacapo.blockwise.parts import FindClasses, FindParts, JoinParts
from napari_dacapo.blockwise.segmenting import Segmenting
from napari_dacapo.blockwise.stage import BlockDone, run_stage
from napari_dacapo.blockwise.workers import Workers

WRITTEN = "numbering"  # the stage that writes the segmentation
CLASSES = "classifying"  # the same, where there are no objects
BEGINNINGS = ("segmenting", CLASSES)  # one of them is the first
FILLED = "filling holes"  # the one that writes some blocks of it again
SEGMENTED = "segmented"  # after the last: what the steps left for each other is of no use any more
LEFT = {  # tables that steps leave for those to come
    "segmenting": "parts",
    "joining": "pairs",
    WRITTEN: "holes",
    "joining holes": "hole pairs",
}


def segment_blocks(of: Segmenting, ledger: Ledger, workers: Workers) -> Iterator[BlockDone]:
    """Every step that is not done yet. Equal to the whole segmented at once where one block holds it all."""
    blocks, seen_first = list(of.grid.blocks()), of.grid.from_middle()
    if of.method.stitching() is None:
        of.create_target(_class_dtype(of))
        yield from run_stage(CLASSES, FindClasses(of), seen_first, ledger, workers)
        return
    if ledger.finished(SEGMENTED):
        return
    of.create_parts()
    yield from run_stage("segmenting", FindParts(of), blocks, ledger, workers)
    yield from run_stage("joining", JoinParts(of), blocks, ledger, workers)
    _once("ids", lambda: number_objects(of), blocks[0], ledger)
    of.create_target(of.table("ids", blocks[0], "ids").dtype)
    yield from run_stage(WRITTEN, NumberParts(of), seen_first, ledger, workers)
    yield from run_stage("joining holes", JoinHoles(of), blocks, ledger, workers)
    _once("fillings", lambda: fill_holes(of), blocks[0], ledger)
    with_holes = [block for block in blocks if of.tables("fillings", block).exists()]
    yield from run_stage(FILLED, FillHoles(of), with_holes, ledger, workers)
    ledger.finish(SEGMENTED, blocks[0])


def is_left(of: Segmenting, ledger: Ledger) -> bool:
    """Whether all is there that finished steps left for those to come."""
    if ledger.finished(SEGMENTED):
        return True
    blocks = list(of.grid.blocks())
    tables = [("ids", block) for block in blocks] if ledger.finished("ids") else []
    for stage, table in LEFT.items():
        finished = ledger.finished(stage)
        tables += [(table, block) for block in blocks if block.start in finished]
    with_parts = [block for table, block in tables if table == "parts"]
    return of.has_parts(with_parts) and all(of.tables(*table).is_file() for table in tables)


def _once(name: str, act: Callable[[], None], first: Block, ledger: Ledger) -> None:
    """What is done with the tables of all blocks, in the ledger under the first of them."""
    if first.start not in ledger.finished(name):
        act()
        ledger.finish(name, first)


def _class_dtype(of: Segmenting) -> np.dtype[np.generic]:
    prediction = of.predicted(Block((0,) * len(of.grid.shape), (1,) * len(of.grid.shape)))
    return of.method.segment(prediction, of.parameters).dtype
