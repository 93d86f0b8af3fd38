"""Finished blocks are kept beside the output, and a job is known by what differs."""

import json
from pathlib import Path

import pytest

from napari_dacapo.blockwise.grid import Block
from napari_dacapo.blockwise.ledger import Ledger, last_stage, read_header
from napari_dacapo.errors import StoreError, UserInputError

JOB = {"run": "a", "iteration": 3, "parameters": {"bias": 0.5}}
FIRST, SECOND = Block((0, 0), (4, 4)), Block((0, 4), (4, 2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_finished_blocks_are_there_after_opening_again(path: Path) -> None:
    ledger = Ledger.open(path, JOB, {"block": [4, 4]})
    ledger.finish("prediction", SECOND)
    again = Ledger.open(path, JOB, {"block": [8, 8]})
    assert again.unfinished("prediction", [FIRST, SECOND]) == [FIRST]
    assert again.unfinished("segmentation", [FIRST, SECOND]) == [FIRST, SECOND]
    assert again.plan == {"block": [4, 4]}  # of the first start


@pytest.mark.parametrize("kept", range(1, 40))
def test_a_line_torn_anywhere_tells_of_no_block_and_harms_no_other(path: Path, kept: int) -> None:
    ledger = Ledger.open(path, JOB, {})
    ledger.finish("prediction", FIRST)
    whole = path.read_bytes()
    ledger.finish("prediction", SECOND)
    last = path.read_bytes()[len(whole) :]
    assert len(last) == 41
    path.write_bytes(whole + last[:kept])
    again = Ledger.open(path, JOB, {})
    assert again.finished("prediction") == {FIRST.start}
    again.finish("prediction", SECOND)
    assert Ledger.open(path, JOB, {}).finished("prediction") == {FIRST.start, SECOND.start}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iteration": 4}, "iteration 3, now 4"),
        ({"parameters": {"bias": 0.25}}, "parameters {'bias': 0.5}, now {'bias': 0.25}"),
        ({"box": [1, 2]}, "box none, now [1, 2]"),
    ],
)
def test_another_job_is_refused_with_what_differs(path: Path, changes: dict[str, object], told: str) -> None:
    Ledger.open(path, JOB, {})
    before = path.read_bytes()
    with pytest.raises(UserInputError) as caught:
        Ledger.open(path, JOB | changes, {})
    assert told in str(caught.value) and len(str(caught.value)) <= 300
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "damaged: it is empty"),
        (b"[1]\n", "no list of finished blocks"),
        (json.dumps({"format": 2, "job": {}, "plan": {}}).encode(), "newer"),
    ],
)
def test_what_is_no_ledger_is_told(path: Path, content: bytes, told: str) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=told):
        Ledger.open(path, JOB, {})


def test_lost_blocks_are_forgotten_for_good(path: Path) -> None:
    ledger = Ledger.open(path, JOB, {"block": [4, 4]})
    for stage in ("prediction", "segmentation", "done"):
        ledger.finish(stage, FIRST)
    ledger.finish("prediction", SECOND)
    ledger.forget({"prediction": [FIRST.start], "done": [FIRST.start]})
    again = Ledger.open(path, JOB, {})
    assert again.finished("prediction") == {SECOND.start}
    assert again.finished("segmentation") == {FIRST.start} and not again.finished("done")
    assert again.plan == {"block": [4, 4]}


def test_the_last_stage_is_that_of_the_last_whole_line(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.jsonl", JOB, {})
    assert last_stage(ledger.path) == ""
    for stage in ("prediction", "done"):
        ledger.finish(stage, FIRST)
        assert last_stage(ledger.path) == stage
    with ledger.path.open("a") as file:
        file.write('{"stage": "prediction", "blo')
    assert last_stage(ledger.path) == ""


def test_what_else_is_known_of_a_job_does_not_make_it_another(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger.open(path, JOB, {}, {"source": "a.tif"})
    Ledger.open(path, JOB, {}, {"source": "b.tif"})
    assert read_header(path)["about"] == {"source": "a.tif"}
