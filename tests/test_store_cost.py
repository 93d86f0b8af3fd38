"""What a save, a list and a line of history cost; limits are three times what is asked of an idle machine."""

import time
from statistics import median

import pytest
from store_records import Ball, Shape, bulk

from napari_dacapo.files import append_line
from napari_dacapo.store.store import Store


def seconds(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@pytest.mark.parametrize(("records", "limit"), [(1_000, 3 * 0.05), (10_000, 3 * 0.5)])
def test_a_save_among_many_is_quick(tmp_path, records, limit):
    store = bulk(tmp_path / "store.json", records)
    times = [seconds(lambda r=r: store.save(Shape, "new", Ball(radius=r), overwrite=True)) for r in range(7)]
    assert median(times) <= limit


def test_a_store_of_10_000_records_opens_and_lists_within_a_second(tmp_path):
    path = bulk(tmp_path / "store.json", 10_000).path
    assert median(seconds(lambda: Store(path).names(Shape)) for _ in range(3)) <= 3 * 1
    assert len(Store(path).names(Shape)) == 10_000


def test_reading_each_of_1000_records_does_not_parse_the_file_each_time(tmp_path):
    store = bulk(tmp_path / "store.json", 1000)
    time.sleep(0.11)
    assert seconds(lambda: [store.read(Shape, name) for name in store.names(Shape)]) <= 3 * 1


def test_10_000_lines_are_appended_within_two_seconds(tmp_path):
    line = '{"iteration": 1, "loss": 0.5}'
    assert seconds(lambda: [append_line(tmp_path / "history.jsonl", line) for _ in range(10_000)]) <= 3 * 2
    assert len((tmp_path / "history.jsonl").read_bytes().splitlines()) == 10_000
