"""Of several starts of the work on a volume, only the last one writes."""

import threading
from pathlib import Path

import numpy as np
import pytest

from napari_dacapo.blockwise import turn as turns
from napari_dacapo.blockwise.durable import read_table, write_tables
from napari_dacapo.blockwise.turn import Turn
from napari_dacapo.errors import StoreError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Turn.take(tmp_path / "turn")
    return tmp_path / "turn"


def test_what_was_sent_by_an_earlier_start_is_not_written(place: Path) -> None:
    earlier = Turn.present(place)
    Turn.take(place)
    write_tables(place.with_name("ids.npz"), Turn.present(place), ids=np.arange(3))
    with pytest.raises(StoreError, match="A later command works on"):
        write_tables(place.with_name("ids.npz"), earlier, ids=np.zeros(3))
    assert read_table(place.with_name("ids.npz"), "ids").tolist() == [0, 1, 2]


def test_several_write_at_once_and_a_start_waits_for_them(place: Path) -> None:
    earlier = Turn.present(place)
    start = threading.Thread(target=Turn.take, args=(place,))
    with earlier.held(), earlier.held():
        start.start()
        start.join(0.1)
        assert start.is_alive() and Turn.present(place) == earlier
    start.join()
    assert Turn.present(place) != earlier


def test_a_write_that_does_not_end_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WRITING_SECONDS", 0.05)
    with Turn.present(place).held(), pytest.raises(StoreError, match="still writes into"):
        Turn.take(place)
