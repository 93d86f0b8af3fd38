"""Records go to a colleague as one JSON file, and come in all or none."""

import json

import pytest
from store_records import FAMILIES, Ball, Brick, Shape, Trial, filled, rewrite, state, state_of, tree

from napari_dacapo.errors import UserInputError
from napari_dacapo.store import migrations
from napari_dacapo.store.exchange import read_export
from napari_dacapo.store.store import Store


@pytest.fixture
def store(tmp_path):
    store = filled(tmp_path / "mine" / "store.json", a=1, b=2)
    store.save(Trial, "first", Trial(shape=Ball(radius=1)), made_from={"shape": "a"})
    return store


@pytest.fixture
def colleague(tmp_path):
    return Store(tmp_path / "theirs" / "store.json")


def through_a_file(folder, data):
    (folder / "export.json").write_text(json.dumps(data, indent=1))
    return read_export(folder / "export.json")


def test_everything_arrives_as_it_was(store, colleague, tmp_path):
    report = colleague.import_json(through_a_file(tmp_path, store.export_json()), families=FAMILIES)
    assert state(colleague.path) == state(store.path)
    assert report.added == ("Shape/a", "Shape/b", "Trial/first")
    assert str(report) == "3 added, 0 replaced, 0 already there."
    assert colleague.used_by(Shape, "a") == ("first",)


def test_single_records_can_be_chosen(store, colleague):
    data = store.export_json([(Shape, "B"), (Trial, "first")])
    assert set(state_of(data)) == {"Shape/b", "Trial/first"}
    with pytest.raises(UserInputError, match="no Shape has this name"):
        store.export_json([(Shape, "c")])


def test_what_is_exported_can_be_changed_without_changing_the_store(store):
    next(iter(store.export_json()["records"]["Shape"].values()))["record"].clear()
    assert store.read(Shape, "a") == Ball(radius=1)


def test_a_store_can_be_imported_as_it_is(store, colleague):
    colleague.import_json(read_export(store.path), families=FAMILIES)
    assert state(colleague.path) == state(store.path)


def test_what_is_there_already_is_left_alone(store):
    before = store.path.read_bytes()
    report = store.import_json(store.export_json(), families=FAMILIES)
    assert report.unchanged == ("Shape/a", "Shape/b", "Trial/first")
    assert store.path.read_bytes() == before


def test_nothing_is_imported_if_one_name_is_another_records(store, colleague):
    colleague.save(Shape, "B", Brick())
    before = tree(colleague.path.parent)
    with pytest.raises(UserInputError, match=r"'Shape/b': different records.*nothing was imported") as caught:
        colleague.import_json(store.export_json(), families=FAMILIES)
    assert caught.value.__notes__ == ["Shape/b is another record"]
    assert tree(colleague.path.parent) == before


def test_overwriting_replaces_what_conflicts_and_keeps_the_rest(store, colleague):
    colleague.save(Shape, "B", Brick())
    colleague.save(Shape, "c", Brick())
    report = colleague.import_json(store.export_json(), families=FAMILIES, overwrite=True)
    assert report.replaced == ("Shape/b",)
    assert colleague.names(Shape) == ("a", "B", "c")
    assert (colleague.read(Shape, "b"), colleague.read(Shape, "c")) == (Ball(radius=2), Brick())


def changed(store, change):
    data = store.export_json()
    change(data, next(iter(data["records"]["Shape"].values())))
    return data


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data, found: found["record"].update(radius=-1), "radius of the Shape 'a' is -1"),
        (lambda data, found: found["record"].update(kind="Cone"), "kind of the Shape 'a' is 'Cone'"),
        (lambda data, found: found["record"].update(radios=1), "radios of the Shape .a. is 1: no such field"),
        (lambda data, found: found["record"].update(radius="3"), "radius of the Shape 'a' is '3'"),
        (lambda data, found: found.update(name="../x"), "separates folders"),
        (lambda data, found: found.update(name=""), "a name is needed"),
        (lambda data, found: found.update(made_from={"shape": "a/b"}), "separates folders"),
        (lambda data, found: found.update(made_from={"shape": 3}), "is a text"),
        (lambda data, found: data["records"].update(Other={}), "family is 'Other': no such family"),
        (lambda data, found: data.update(records=[]), "no tables of records"),
        (lambda data, found: data["header"].update(format="x"), "no header"),
        (lambda data, found: data["header"].update(schema=2, written_by="napari-dacapo 9"), "Upgrade"),
        (lambda data, found: found.update(name="B"), "two records of Shape have the same name"),
    ],
)
def test_a_file_with_one_fault_changes_nothing_and_the_fault_is_named(store, colleague, change, reason):
    colleague.save(Shape, "z", Brick())
    before = tree(colleague.path.parent)
    with pytest.raises(UserInputError, match=reason) as caught:
        colleague.import_json(changed(store, change), families=FAMILIES)
    assert len(str(caught.value)) <= 300
    assert tree(colleague.path.parent) == before


@pytest.mark.parametrize("data", [None, [], "text", 5, {}, {"header": None}])
def test_other_json_is_refused(colleague, data):
    with pytest.raises(UserInputError, match="no header"):
        colleague.import_json(data, families=FAMILIES)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1, "a": 2}', b"[NaN]", b"[" * 100_000, b"PK\x03\x04"])
def test_a_file_that_is_no_json_is_refused(tmp_path, content):
    (tmp_path / "export.json").write_bytes(content)
    with pytest.raises(UserInputError, match="file is "):
        read_export(tmp_path / "export.json")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserInputError, match="No such file"):
        read_export(tmp_path / "export.json")


def test_what_an_older_version_exported_is_migrated(store, colleague, monkeypatch):
    data = store.export_json([(Shape, "b")])

    def double(tables):
        for found in tables["Shape"].values():
            found["record"]["radius"] *= 2
        return tables

    monkeypatch.setattr(migrations, "MIGRATIONS", (double,))
    colleague.import_json(data, families=FAMILIES)
    assert colleague.read(Shape, "b") == Ball(radius=4)


def test_nothing_can_be_exported_from_a_damaged_store(store):
    rewrite(store.path, lambda data: data.pop("header"))
    with pytest.raises(Exception, match="damaged"):
        store.export_json()
