"""Records are kept by family and name, and read back as they were."""

import json
import os
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_records import FAMILIES, Ball, Brick, Shape, Trial, filled, rewrite, state, tree

from napari_dacapo import files
from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.store import store as store_module
from napari_dacapo.store.store import Store


@pytest.fixture
def store(tmp_path):
    """Balls b of 2 and a of 1, and a trial first, made from a."""
    store = filled(tmp_path / "store.json", b=2, a=1)
    store.save(Trial, "first", Trial(shape=Ball(radius=1)), made_from={"shape": "a"})
    return store


def test_nothing_is_written_before_something_is_saved(tmp_path):
    store = Store(tmp_path / "new" / "store.json")
    assert (store.names(Shape), store.revision, store.export_json()["records"]) == ((), 0, {})
    assert not (tmp_path / "new").exists()


def test_a_record_is_read_as_it_was_saved(store):
    assert store.read(Shape, "b") == Ball(radius=2)
    assert Store(store.path).read(Trial, "first") == Trial(shape=Ball(radius=1))


def test_names_are_listed_by_family_and_alphabet(store):
    store.save(Shape, "C", Brick())
    assert store.names(Shape) == ("a", "b", "C")
    assert store.names(Trial) == ("first",)


def test_a_kind_belongs_to_its_family(store):
    store.save(Brick, "c", Brick())
    assert store.names(Ball) == store.names(Shape) == ("a", "b", "c")


def test_a_record_of_another_family_is_refused(store):
    with pytest.raises(UserInputError, match="it is no Shape"):
        store.save(Shape, "c", Trial())


def test_a_name_that_is_not_there_is_answered_with_those_that_are(store):
    with pytest.raises(UserInputError, match=r"name is 'c': no Shape has this name\. Choose one of: a, b\."):
        store.read(Shape, "c")
    for name in range(7):
        store.save(Trial, f"t{name}", Trial())
    with pytest.raises(UserInputError, match="first, t0, t1, t2, t3 and 3 more"):
        store.read(Trial, "c")
    with pytest.raises(UserInputError, match="Save one first"):
        Store(store.path.with_name("other.json")).read(Shape, "a")


@pytest.mark.parametrize(("name", "near"), [("FRIST", "first"), ("trail-8", "trial-9, trial-7")])
def test_a_name_that_is_mistyped_is_answered_with_the_nearest(store, name, near):
    for number in (7, 9):
        store.save(Trial, f"trial-{number}", Trial())
    with pytest.raises(UserInputError, match=rf"no Trial has this name\. Nearest: {near}\."):
        store.read(Trial, name)


def test_the_same_record_again_changes_nothing(store):
    before = store.path.read_bytes()
    store.save(Shape, "a", Ball(radius=1))
    store.save(Shape, "A", Ball(radius=1))
    store.save(Trial, "first", Trial(shape=Ball(radius=1)), made_from={"shape": "a"})
    assert store.path.read_bytes() == before


def test_a_different_record_needs_overwrite(store):
    with pytest.raises(UserInputError, match=r"another Shape has this name.*'a-2' is free"):
        store.save(Shape, "a", Ball(radius=5))
    assert store.read(Shape, "a") == Ball(radius=1)
    store.save(Shape, "a", Ball(radius=5), overwrite=True)
    assert store.read(Shape, "a") == Ball(radius=5)


def test_what_was_read_before_editing_is_replaced_unless_it_was_changed_elsewhere(store):
    read = store.read(Shape, "a")
    store.save(Shape, "a", Brick(), instead_of=read)
    assert store.read(Shape, "a") == Brick()
    with pytest.raises(UserInputError, match=r"changed elsewhere meanwhile.*'a-2'"):
        store.save(Shape, "a", Ball(radius=9), instead_of=read)
    assert store.read(Shape, "a") == Brick()


def test_what_a_run_was_made_from_is_kept_when_it_is_saved_again(store):
    store.save(Trial, "first", Trial(number=2), overwrite=True)
    assert store.used_by(Shape, "a") == ("first",)
    store.save(Trial, "first", Trial(number=2), made_from={"shape": "b"})
    assert (store.used_by(Shape, "a"), store.used_by(Shape, "b")) == ((), ("first",))


def test_overwriting_keeps_the_spelling_and_the_number_of_records(store):
    store.save(Shape, "A", Brick(), overwrite=True)
    assert store.names(Shape) == ("a", "b")
    assert store.read(Shape, "a") == store.read(Shape, "A") == Brick()


def test_a_renamed_record_is_found_under_its_new_name_only(store):
    store.rename(Shape, "b", "big")
    assert store.names(Shape) == ("a", "big")
    assert store.read(Shape, "big") == Ball(radius=2)


def test_a_name_may_change_its_case(store):
    store.rename(Shape, "a", "A")
    assert store.names(Shape) == ("A", "b")
    revision = store.revision
    store.rename(Shape, "a", "A")
    assert store.revision == revision


@pytest.mark.parametrize("name", ["b", "B"])
def test_a_rename_does_not_take_the_name_of_another(store, name):
    with pytest.raises(UserInputError, match="another Shape has this name"):
        store.rename(Shape, "a", name)
    assert store.names(Shape) == ("a", "b")


def test_runs_follow_a_rename_in_the_same_write(store):
    revision = store.revision
    store.rename(Shape, "a", "alpha")
    assert store.used_by(Shape, "alpha") == ("first",)
    assert store.used_by(Shape, "a") == ()
    assert store.revision == revision + 1
    assert store.read(Trial, "first") == Trial(shape=Ball(radius=1))


def test_copies_are_numbered(store):
    assert store.duplicate(Shape, "a") == "a-2"
    assert store.duplicate(Shape, "a") == "a-3"
    assert store.duplicate(Shape, "a-2") == "a-4"
    assert store.read(Shape, "a-4") == Ball(radius=1)


def test_the_copy_of_a_longest_name_is_no_longer(store):
    store.save(Shape, "n" * 100, Ball())
    assert store.duplicate(Shape, "n" * 100) == "n" * 98 + "-2"


def test_a_copy_of_a_run_knows_what_it_was_made_from(store):
    store.duplicate(Trial, "first")
    assert store.used_by(Shape, "a") == ("first", "first-2")


def test_a_deleted_record_is_gone(store):
    store.delete(Shape, "b")
    assert store.names(Shape) == ("a",)
    with pytest.raises(UserInputError, match="no Shape has this name"):
        store.delete(Shape, "b")


def test_deleting_what_runs_were_made_from_names_them_and_leaves_them_whole(store):
    with pytest.raises(UserInputError, match="Shape is 'a': first was made from it"):
        store.delete(Shape, "A")
    store.duplicate(Trial, "first")
    with pytest.raises(UserInputError, match="first, first-2 were made from it"):
        store.delete(Shape, "a")
    store.delete(Shape, "a", confirmed=True)
    assert store.names(Shape) == ("b",)
    assert store.read(Trial, "first").shape == Ball(radius=1)


def test_each_change_raises_the_revision_by_one(store):
    before = store.revision
    store.save(Shape, "c", Ball())
    store.rename(Shape, "c", "d")
    store.duplicate(Shape, "d")
    store.delete(Shape, "d")
    assert store.revision == before + 4


def test_another_window_sees_a_change_at_once(store):
    other = Store(store.path)
    seen = other.revision
    store.save(Shape, "c", Ball(radius=7))
    assert other.revision == seen + 1
    assert other.read(Shape, "c") == Ball(radius=7)


def test_a_store_that_did_not_change_is_not_parsed_again(store, monkeypatch):
    os.utime(store.path, (0, 0))
    store.names(Shape)
    monkeypatch.setattr(store_module, "Database", None)
    assert store.names(Shape) == ("a", "b")
    assert store.read(Shape, "b") == Ball(radius=2)


def test_a_record_that_no_longer_fits_is_named_with_its_field_and_the_others_are_read(store):
    ids = {found["name"]: key for key, found in store.export_json()["records"]["Shape"].items()}
    rewrite(store.path, lambda data: data["records"]["Shape"][ids["a"]]["record"].update(radius=-1))
    with pytest.raises(UserInputError, match=r"radius of the Shape 'a' is -1: .*greater than or equal to 0"):
        store.read(Shape, "a")
    assert store.names(Shape) == ("a", "b")
    assert store.read(Shape, "b") == Ball(radius=2)
    store.rename(Shape, "a", "broken")
    store.delete(Shape, "broken", confirmed=True)


def test_a_record_of_a_kind_that_is_not_installed_is_named(store):
    ids = {found["name"]: key for key, found in store.export_json()["records"]["Shape"].items()}
    rewrite(store.path, lambda data: data["records"]["Shape"][ids["a"]]["record"].update(kind="Cone"))
    with pytest.raises(UserInputError, match="kind of the Shape 'a' is 'Cone': no such Shape"):
        store.read(Shape, "a")


class Loose(Config):
    """Holds anything, also what JSON cannot."""

    content: object = None
    "Anything."


@pytest.mark.parametrize("content", [float("nan"), float("inf"), {1: 2}, {1, 2}, b"\xff", object()])
def test_what_would_not_be_read_back_equal_is_not_saved(store, content):
    before = tree(store.path.parent)
    with pytest.raises(UserInputError) as caught:
        store.save(Loose, "loose", Loose(content=content))
    assert caught.value.field == "record"
    assert len(str(caught.value)) <= 300
    assert tree(store.path.parent) == before


def test_a_store_that_would_be_too_large_to_read_is_not_written(store, monkeypatch):
    monkeypatch.setattr("napari_dacapo.store.content.LARGEST_JSON", 1000)
    before = tree(store.path.parent)
    with pytest.raises(Exception, match="exceed 0 MiB") as caught:
        store.save(Shape, "c", Brick(note="x" * 1000))
    assert type(caught.value).__name__ == "StoreError"
    assert tree(store.path.parent) == before


def test_the_file_is_one_json_document_with_a_header(store):
    data = json.loads(store.path.read_bytes())
    assert data["header"]["format"] == "napari-dacapo records"
    assert data["header"]["schema"] == 1
    assert data["header"]["revision"] == 3
    assert data["header"]["written_by"].startswith("napari-dacapo ")
    assert all(len(key) == 32 for key in data["records"]["Shape"])
    assert set(state(store.path)) == {"Shape/a", "Shape/b", "Trial/first"}


numbers = st.floats(allow_nan=False, allow_infinity=False)
balls = st.builds(Ball, radius=st.integers(0, 10**30))
bricks = st.builds(
    Brick, sides=st.lists(numbers, max_size=4).map(tuple), note=st.text(st.characters(codec="utf-8"))
)
names = st.text(string.ascii_letters + "äßéＡ细 🧠", max_size=20).map(lambda text: f"<{text}>")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names, st.builds(Trial, shape=balls | bricks, number=st.integers()))
def test_whatever_is_saved_is_read_back_exactly(store, monkeypatch, name, record):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    store.save(Trial, name, record, overwrite=True)
    assert store.read(Trial, name) == record
    assert str(store.read(Trial, name)) == str(record)  # -0.0 is not 0.0
    exported = Store(store.path.with_name("other.json"))
    exported.import_json(store.export_json([(Trial, name)]), families=FAMILIES, overwrite=True)
    assert str(exported.read(Trial, name)) == str(record)


def test_the_temporary_files_of_a_crash_are_swept_by_the_next_save(store):
    stale = store.path.with_name(f"{files.TEMPORARY}1-a")
    stale.touch()
    os.utime(stale, (0, 0))
    store.save(Shape, "c", Ball())
    assert not stale.exists()
