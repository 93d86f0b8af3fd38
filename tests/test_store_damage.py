"""A damaged store is refused, left as it is, and brought back from its newest good backup."""

import json
import os
import random

import pytest
from store_records import FAMILIES, Ball, Brick, Shape, filled, rewrite, state, tree

from napari_dacapo.errors import StoreError
from napari_dacapo.store import migrations
from napari_dacapo.store.content import DamagedStoreError
from napari_dacapo.store.store import Store


@pytest.fixture
def store(tmp_path):
    """Five balls: the newest backup is without e."""
    return filled(tmp_path / "store.json", a=1, b=2, c=3, d=4, e=5)


def truncated(twentieth):
    return lambda data: data[: len(data) * twentieth // 20]


def flipped(seed):
    def flip(data):
        draw = random.Random(seed)
        position = draw.randrange(len(data))
        return data[:position] + bytes([data[position] ^ 1 << draw.randrange(8)]) + data[position + 1 :]

    return flip


def parsed(change):
    """Change the parsed document."""

    def changed(data):
        document = json.loads(data)
        result = change(document)
        return json.dumps(document if result is None else result).encode()

    return changed


def first(table):
    return next(iter(table.values()))


def with_first(**changes):
    return parsed(lambda data: first(data["records"]["Shape"]).update(changes))


def with_header(**changes):
    return parsed(lambda data: data["header"].update(changes))


DAMAGES = {
    **{f"cut at {part}/20": truncated(part) for part in range(20)},
    **{f"bit {seed}": flipped(seed) for seed in range(20)},
    "NULs": lambda data: bytes(len(data)),
    "NULs behind": lambda data: data[: len(data) // 2] + bytes(len(data) // 2),
    "list": lambda data: b"[]",
    "null": lambda data: b"null",
    "text": lambda data: b'"store"',
    "number": lambda data: b"1",
    "empty object": lambda data: b"{}",
    "spaces": lambda data: b" \n\n",
    "two": lambda data: data + data,
    "garbage behind": lambda data: data + b"garbage",
    "garbage before": lambda data: b"garbage" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "not UTF-8": lambda data: data.replace(b'"a"', b'"\xff"'),
    "NaN": lambda data: data.replace(b'"radius": 1', b'"radius": NaN'),
    "deep": lambda data: b"[" * 100_000,
    "long number": lambda data: data.replace(b'"radius": 1', b'"radius": ' + b"1" * 5000),
    "same id twice": lambda data: data.replace(b'{"Shape": {', b'{"Shape": {"x": {}, "x": {}, '),
    "same family twice": lambda data: data.replace(b'{"Shape": {', b'{"Shape": {}, "Shape": {'),
    "same name twice": parsed(
        lambda data: data["records"]["Shape"].update({"x": {"name": "A", "record": {}}, "y": {"name": "q"}})
    ),
    "same folded name": parsed(
        lambda data: data["records"]["Shape"].update({"x": {"name": "A", "record": {}}})
    ),
    "record null": with_first(record=None),
    "name a number": with_first(name=5),
    "origin a list": with_first(made_from=[]),
    "document a text": parsed(lambda data: data["records"]["Shape"].update({"x": "y"})),
    "table a list": parsed(lambda data: data["records"].update({"Shape": []})),
    "tables null": parsed(lambda data: data.update(records=None)),
    "no header": parsed(lambda data: data["records"]),
    "other format": with_header(format="something else"),
    "schema a text": with_header(schema="1"),
    "schema true": with_header(schema=True),
    "schema 0": with_header(schema=0),
    "revision -1": with_header(revision=-1),
}


def attempts(store):
    """Everything a window does."""
    yield lambda: store.names(Shape)
    yield lambda: store.read(Shape, "a")
    yield lambda: store.save(Shape, "new", Brick())
    yield lambda: store.rename(Shape, "a", "b")
    yield lambda: store.delete(Shape, "a", confirmed=True)
    yield lambda: store.export_json()
    yield lambda: store.revision


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_never_overwritten_and_the_last_save_but_one_comes_back(store, damage, tmp_path):
    good = state(store.path)
    damaged = damage(store.path.read_bytes())
    store.path.write_bytes(damaged)
    try:
        state(store.path)
    except DamagedStoreError:
        pass
    else:  # a bit of a number or a name: it is a store still
        assert damage in [flipped_bit for name, flipped_bit in DAMAGES.items() if name.startswith("bit")]
        return
    before = tree(tmp_path)
    for attempt in attempts(store):
        with pytest.raises(DamagedStoreError, match=r"left as it is.*backup-000000004 \(4 records\)"):
            attempt()
    assert tree(tmp_path) == before
    source = store.restore_backup()
    restored = state(store.path)
    assert restored == {name: good[name] for name in restored}
    assert len(restored) >= len(good) - 1
    assert source.exists()
    assert (tmp_path / "store.json.damaged-1").read_bytes() == damaged
    store.save(Shape, "new", Brick())
    assert (tmp_path / "store.json.damaged-1").read_bytes() == damaged


def test_there_are_60_damages_and_more():
    assert len(DAMAGES) >= 60


@pytest.mark.parametrize("behind", [b"garbage", b"\n{}", b"\0\0\0", b"\xff\xfe"])
def test_what_was_only_added_behind_a_store_costs_no_record(store, behind):
    good = state(store.path)
    store.path.write_bytes(store.path.read_bytes() + behind)
    assert store.restore_backup().name == "store.json.damaged-1"
    assert state(store.path) == good


def test_a_missing_file_with_backups_is_a_loss_not_a_new_store(store, tmp_path):
    store.path.unlink()
    for attempt in attempts(store):
        with pytest.raises(DamagedStoreError, match="it is missing"):
            attempt()
    assert store.restore_backup().name == "store.json.backup-000000004"
    assert set(state(store.path)) == {"Shape/a", "Shape/b", "Shape/c", "Shape/d"}


def test_even_the_first_save_has_a_backup(tmp_path):
    store = filled(tmp_path / "store.json", a=1)
    store.path.write_bytes(b"")
    store.restore_backup()
    assert state(store.path) == {}


def test_a_damaged_backup_is_passed_over(store, tmp_path):
    store.path.write_bytes(b"")
    (tmp_path / "store.json.backup-000000004").write_bytes(b"")
    assert store.restore_backup().name == "store.json.backup-000000003"


def test_without_any_good_backup_it_is_said_and_nothing_is_changed(store, tmp_path):
    for path in tmp_path.glob("store.json*"):
        path.write_bytes(b"")
    before = tree(tmp_path)
    with pytest.raises(DamagedStoreError, match="no good backup"):
        store.names(Shape)
    with pytest.raises(StoreError, match="no good backup"):
        store.restore_backup()
    assert tree(tmp_path) == before


def test_a_whole_store_is_not_restored(store, tmp_path):
    before = tree(tmp_path)
    with pytest.raises(StoreError, match="is whole"):
        store.restore_backup()
    assert tree(tmp_path) == before


def test_the_revision_grows_over_a_restore(store):
    before = store.revision
    store.path.write_bytes(b"")
    store.restore_backup()
    assert store.revision > before
    store.path.write_bytes(b"")
    assert "backup-" in store.restore_backup().name
    assert sorted(path.name for path in store.path.parent.glob("*.damaged-*")) == [
        "store.json.damaged-1",
        "store.json.damaged-2",
    ]


def test_the_newest_three_states_are_kept_whatever_the_clock_says(store, tmp_path):
    names = sorted(path.name for path in tmp_path.glob("store.json.backup-*"))
    assert names == [f"store.json.backup-{revision:09d}" for revision in (2, 3, 4)]
    os.utime(tmp_path / names[-1], (0, 0))
    store.path.write_bytes(b"")
    assert store.restore_backup().name == names[-1]


def test_backups_and_setting_aside_work_where_files_cannot_have_two_names(store, monkeypatch):
    def no_links(source, target):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    store.save(Shape, "f", Ball())
    store.path.write_bytes(b"damaged")
    assert store.restore_backup().name == "store.json.backup-000000005"
    assert store.path.with_name("store.json.damaged-1").read_bytes() == b"damaged"
    assert len(state(store.path)) == 5


def double(tables):
    """A migration: balls were measured by half their radius."""
    for found in tables["Shape"].values():
        found["record"]["radius"] *= 2
    return tables


def rename_field(tables):
    for found in tables["Shape"].values():
        found["record"] = {"kind": "Ball", "radius": found["record"].pop("radius") + 1}
    return tables


def test_an_older_store_is_read_as_todays_and_migrated_by_the_first_save(store, tmp_path, monkeypatch):
    old = store.path.read_bytes()
    monkeypatch.setattr(migrations, "MIGRATIONS", (double, rename_field))
    assert store.read(Shape, "b") == Ball(radius=5)
    assert store.path.read_bytes() == old
    store.save(Shape, "new", Ball(radius=7))
    assert json.loads(store.path.read_bytes())["header"]["schema"] == 3
    assert (store.read(Shape, "b"), store.read(Shape, "new")) == (Ball(radius=5), Ball(radius=7))
    assert (tmp_path / "store.json.schema-1").read_bytes() == old
    for _ in range(4):
        store.duplicate(Shape, "a")
    assert (tmp_path / "store.json.schema-1").read_bytes() == old
    assert len(list(tmp_path.glob("store.json.backup-*"))) == 3


def test_the_last_store_of_an_older_schema_is_the_last_resort(store, tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", (double,))
    store.save(Shape, "new", Ball())
    for path in [store.path, *tmp_path.glob("store.json.backup-*")]:
        path.unlink()
    assert store.restore_backup().name == "store.json.schema-1"
    assert store.read(Shape, "b") == Ball(radius=4)


def test_a_newer_store_is_read_but_not_changed_by_a_single_byte(store, tmp_path):
    rewrite(store.path, lambda data: data["header"].update(schema=2, written_by="napari-dacapo 9.1"))
    before = tree(tmp_path)
    assert store.names(Shape) == ("a", "b", "c", "d", "e")
    assert store.read(Shape, "b") == Ball(radius=2)
    assert store.read_only
    changes = (
        lambda: store.save(Shape, "new", Brick()),
        lambda: store.rename(Shape, "a", "z"),
        lambda: store.duplicate(Shape, "a"),
        lambda: store.delete(Shape, "a"),
        lambda: store.import_json(
            filled(tmp_path / "other" / "store.json", z=1).export_json(), families=FAMILIES
        ),
        store.restore_backup,
    )
    for change in changes:
        with pytest.raises(StoreError, match=r"napari-dacapo 9\.1.*Upgrade|is whole"):
            change()
    assert {name: data for name, data in tree(tmp_path).items() if "other" not in name} == before


def test_what_is_left_of_a_newer_store_is_not_brought_back_by_an_older_version(store, tmp_path):
    for path in [store.path, *tmp_path.glob("store.json.backup-*")]:
        rewrite(path, lambda data: data["header"].update(schema=2))
    store.path.write_bytes(store.path.read_bytes() + b"garbage")
    before = tree(tmp_path)
    with pytest.raises(StoreError, match="no good backup"):
        store.restore_backup()
    assert tree(tmp_path) == before


def test_a_newer_store_of_another_layout_is_not_called_damaged(store, tmp_path):
    rewrite(store.path, lambda data: data.update(records=[], header={**data["header"], "schema": 2}))
    before = tree(tmp_path)
    for attempt in attempts(store):
        with pytest.raises(StoreError, match="newer than this version") as caught:
            attempt()
        assert not isinstance(caught.value, DamagedStoreError)
    with pytest.raises(StoreError, match="newer"):
        store.restore_backup()
    assert tree(tmp_path) == before


def test_a_folder_in_the_place_of_the_store_is_said(tmp_path):
    (tmp_path / "store.json").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        Store(tmp_path / "store.json").names(Shape)
