"""Every block is done once; what fails is tried again, and listed when it fails every time."""

import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from napari_dacapo.blockwise.grid import Block, blocks
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.stage import BlockDone, run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.errors import BlocksError, DacapoError, DiskFullError, UnreachableError

EIGHT = list(blocks((8, 4), (2, 2)))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.jsonl", {}, {})


class Act:
    """Counts, and fails where and as often as asked."""

    def __init__(self, failing: dict[tuple[int, int], int] | None = None, error: Exception | None = None):
        self.failing = failing or {}
        self.error = error or ValueError("chunk c/0/1 is damaged")
        self.tries: Counter[tuple[int, ...]] = Counter()

    def __call__(self, block: Block) -> None:
        self.tries[block.start] += 1
        if self.tries[block.start] <= self.failing.get(block.start, 0):
            raise self.error


@pytest.mark.parametrize("threads", [1, 3])
def test_every_block_is_done_once_and_told(ledger: Ledger, threads: int) -> None:
    act = Act()
    steps = list(run_stage("prediction", act, EIGHT, ledger, Threads(threads)))
    assert steps == [BlockDone("prediction", done, 8) for done in range(1, 9)]
    assert act.tries == Counter(block.start for block in EIGHT)
    assert list(run_stage("prediction", act, EIGHT, ledger, Threads(threads))) == []


def test_closing_keeps_what_is_done_and_the_rest_is_done_later(ledger: Ledger) -> None:
    act = Act()
    with closing(run_stage("prediction", act, EIGHT, ledger, Threads(1))) as steps:
        assert next(steps).done == 1 and next(steps).done == 2
    rest = list(run_stage("prediction", act, EIGHT, ledger, Threads(1)))
    assert rest[0] == BlockDone("prediction", 3, 8) and rest[-1].done == 8
    assert act.tries[EIGHT[0].start] == act.tries[EIGHT[1].start] == 1


def test_a_block_that_fails_twice_is_done_the_third_time(ledger: Ledger) -> None:
    act = Act({(2, 2): 2})
    assert list(run_stage("prediction", act, EIGHT, ledger, Threads(2)))[-1].done == 8
    assert act.tries[(2, 2)] == 3 and act.tries[(0, 0)] == 1


def test_a_block_that_always_fails_is_listed_and_the_others_are_kept(ledger: Ledger) -> None:
    act = Act({(2, 2): 99, (4, 0): 99})
    with pytest.raises(BlocksError, match=r"2 of 8 blocks failed \(prediction\).*is damaged") as caught:
        list(run_stage("prediction", act, EIGHT, ledger, Threads(2)))
    assert set(caught.value.reasons) == {(2, 2), (4, 0)}
    assert len(caught.value.__notes__) == 2 and len(str(caught.value)) <= 300
    assert len(ledger.finished("prediction")) == 6


@pytest.mark.parametrize(
    "error", [DiskFullError(Path("volume"), 10, 5), UnreachableError("https://a.org/b.zarr", "no answer")]
)
def test_a_full_disk_or_a_lost_network_ends_it_at_once(ledger: Ledger, error: DacapoError) -> None:
    act = Act({(0, 2): 99}, error)
    with pytest.raises(type(error)):
        list(run_stage("prediction", act, EIGHT, ledger, Threads(1)))
    assert sum(act.tries.values()) < 8 and ledger.finished("prediction") == {(0, 0)}


def test_no_more_blocks_are_begun_than_there_are_threads(ledger: Ledger) -> None:
    at_work, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=10)

    def act(block: Block) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        both.wait()  # passes only where two are at work
        with lock:
            at_work -= 1

    list(run_stage("prediction", act, EIGHT, ledger, Threads(2)))
    assert most == 2
