"""What the store asks of the disk: one parse for many reads, and one for a change."""

import time

import pytest
from store_records import Ball, Shape, bulk

from napari_dacapo.store.content import Content
from napari_dacapo.store.store import Store


@pytest.fixture
def parsed(monkeypatch):
    """How many bytes each parse was given."""
    sizes: list[int] = []
    parse = Content.parse
    monkeypatch.setattr(Content, "parse", lambda data: sizes.append(len(data)) or parse(data))
    return sizes


def test_a_change_parses_the_file_once(tmp_path, parsed):
    store = bulk(tmp_path / "store.json", 1000)
    parsed.clear()
    store.save(Shape, "new", Ball(radius=1))
    assert len(parsed) == 1


def test_listing_and_reading_each_of_1000_records_parses_the_file_once(tmp_path, parsed):
    path = bulk(tmp_path / "store.json", 1000).path
    time.sleep(0.11)  # until the file is old enough to be told from the next one
    parsed.clear()
    store = Store(path)
    assert [store.read(Shape, name).radius for name in store.names(Shape)]
    assert len(store.names(Shape)) == 1000
    assert len(parsed) == 1
