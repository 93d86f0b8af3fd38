"""What bad input of names and stores gets, row by row: an error that names the field and what to do."""

import errno
import os
import time
from pathlib import Path

import pytest
from store_faults import FailingDisk, PowerCutError
from store_records import Ball, Brick, Shape, Trial, bulk, filled, rewrite, state, tree

from napari_dacapo.errors import DacapoError, DiskFullError, StoreError, UserInputError
from napari_dacapo.files import locked, slug
from napari_dacapo.store import store as store_module
from napari_dacapo.store.content import DamagedStoreError
from napari_dacapo.store.store import Store
from napari_dacapo.store.workspace import Workspace


@pytest.fixture
def store(tmp_path):
    """Balls unet and é, a trial made from unet."""
    store = filled(tmp_path / "store.json", unet=1)
    store.save(Shape, "é", Ball(radius=2))
    store.save(Trial, "trial", Trial(shape=Ball(radius=1)), made_from={"shape": "unet"})
    return store


@pytest.mark.parametrize(
    ("name", "problem", "fix"),
    [
        pytest.param("", "a name is needed", "Type one", id="1"),
        pytest.param("  ", "a name is needed", "Type one", id="1-spaces"),
        pytest.param("unet", "has this name", "'unet-2' is free", id="2"),
        pytest.param("UNet", "as 'unet': upper and lower case count as the same", "'unet-2' is free", id="3"),
        pytest.param("e\u0301", "has this name", "'é-2' is free", id="4"),
        pytest.param("../../x", "character 3 is /, which separates folders", "Leave it out", id="5"),
        pytest.param("/etc/passwd", "character 1 is /", "Leave it out", id="6-absolute"),
        pytest.param("\\\\server\\share", "character 1 is \\", "Leave it out", id="6-UNC"),
        pytest.param("C:\\x", "character 3 is \\", "Leave it out", id="6-drive"),
        pytest.param("CON", "Windows keeps this name", "Try 'CON-1'", id="7-device"),
        pytest.param("nul.txt", "Windows keeps this name", "Try 'nul.txt-1'", id="7-ending"),
        pytest.param("a.", "ends with a dot or a space", "Try 'a'", id="7-dot"),
        pytest.param("ab\0", "character 3 is the control character U+0000", "Leave it out", id="8-NUL"),
        pytest.param("a\nb", "character 2 is the control character U+000A", "Leave it out", id="8-newline"),
        pytest.param("x" * 300, "it has 300 characters", "Use at most 100 characters", id="9"),
        pytest.param("a\udc80", "character 2 is half a character", "Leave it out", id="11"),
    ],
)
def test_a_bad_name_is_refused_with_reason_and_remedy_and_nothing_is_written(store, name, problem, fix):
    store.save(Shape, "third", Brick())
    before = tree(store.path.parent)
    for attempt in (
        lambda: store.save(Shape, name, Ball(radius=9)),
        lambda: store.rename(Shape, "third", name),
    ):
        with pytest.raises(UserInputError) as caught:
            attempt()
        assert caught.value.field == "name"
        assert len(str(caught.value)) <= 300
    with pytest.raises(UserInputError) as caught:
        store.save(Shape, name, Ball(radius=9))
    assert problem in caught.value.problem
    assert fix in caught.value.fix
    assert tree(store.path.parent) == before


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("🧠 细胞", id="10-emoji"),
        pytest.param("נוירון", id="10-RTL"),
        pytest.param("null", id="12-null"),
        pytest.param("true", id="12-true"),
        pytest.param("123", id="12-number"),
        pytest.param(':*?"<>|', id="7-characters"),
    ],
)
def test_an_unusual_name_round_trips_as_text(store, name):
    store.save(Shape, name, Ball(radius=9))
    assert name in Store(store.path).names(Shape)
    assert Store(store.path).read(Shape, name) == Ball(radius=9)
    assert slug(name).isascii()


def row_13_a_renamed_component_leaves_its_runs_whole(store):
    store.rename(Shape, "unet", "net")
    assert store.read(Trial, "trial").shape == Ball(radius=1)
    assert store.used_by(Shape, "net") == ("trial",)


def row_14_deleting_a_component_says_by_which_runs_it_is_used(store):
    with refused(UserInputError, store, "trial was made from it", "Confirm"):
        store.delete(Shape, "unet")
    store.delete(Shape, "unet", confirmed=True)
    assert store.read(Trial, "trial").shape == Ball(radius=1)


def row_92_cut_in_half(store):
    damage(store, lambda data: data[: len(data) // 2])
    with refused(DamagedStoreError, store, "left as it is", "napari-dacapo restore"):
        store.names(Shape)


def row_93_trailing_garbage_costs_nothing(store):
    good = state(store.path)
    damage(store, lambda data: data + b"}}")
    with refused(DamagedStoreError, store, "extra data", "napari-dacapo restore"):
        store.save(Shape, "new", Ball())
    store.restore_backup()
    assert state(store.path) == good


def row_94_zero_bytes_are_not_a_new_store(store):
    for content in (b"", b"\0" * 4096):
        store.path.write_bytes(content)
        with refused(DamagedStoreError, store, "damaged", "napari-dacapo restore"):
            store.save(Shape, "new", Ball())


def row_95_a_byte_order_mark_and_windows_line_ends_are_read(store):
    good = state(store.path)
    damage(store, lambda data: b"\xef\xbb\xbf" + data.replace(b", ", b",\r\n "))
    assert state(store.path) == good
    store.save(Shape, "new", Ball())
    assert len(state(store.path)) == len(good) + 1


def row_96_another_document_is_not_an_empty_store(store):
    for content in (b"[]", b"null", b'{"_default": {"1": 5}}'):
        store.path.write_bytes(content)
        with refused(DamagedStoreError, store, "header", "napari-dacapo restore"):
            store.names(Shape)


def row_97_the_same_id_twice_is_seen(store):
    damage(store, lambda data: data.replace(b'"Shape": {', b'"Shape": {"1": {}, "1": {}, '))
    with refused(DamagedStoreError, store, "'1' is there twice", "napari-dacapo restore"):
        store.names(Shape)


def row_98_a_newer_store_is_only_read(store):
    rewrite(store.path, lambda data: data["header"].update(schema=99, written_by="napari-dacapo 7.0"))
    assert store.names(Trial) == ("trial",)
    with refused(StoreError, store, "napari-dacapo 7.0", "Upgrade"):
        store.save(Shape, "new", Ball())


def row_99_an_older_store_is_backed_up_and_migrated(store, monkeypatch):
    monkeypatch.setattr("napari_dacapo.store.migrations.MIGRATIONS", (lambda tables: tables,))
    old = store.path.read_bytes()
    store.save(Shape, "new", Ball())
    assert store.path.with_name("store.json.schema-1").read_bytes() == old
    assert store.names(Shape) == ("new", "unet", "é")


def row_100_two_windows_see_each_other_and_conflicts(store):
    other = Store(store.path)
    revision, read = other.revision, other.read(Shape, "unet")
    store.save(Shape, "unet", Brick(), overwrite=True)
    assert other.revision != revision
    with refused(UserInputError, store, "changed elsewhere", "'unet-2'"):
        other.save(Shape, "unet", Ball(radius=7), instead_of=read)


def row_101_a_hung_holder_is_named(store, monkeypatch):
    monkeypatch.setattr(store_module, "LOCK_SECONDS", 0.1)
    with locked(store.path), refused(StoreError, store, f"process {os.getpid()} on", "Close that program"):
        store.save(Shape, "new", Ball())
    assert store.read(Shape, "unet") == Ball(radius=1)


def row_102_the_lock_of_a_process_that_is_gone_is_free(store):
    for ending in (".lock", ".holder"):
        Path(f"{store.path}{ending}").write_text("process 1 on nowhere")
    store.save(Shape, "new", Ball())


def row_103_a_read_only_medium_is_read(store, monkeypatch):
    opened = os.open

    def read_only(path, flags, *mode, **folder):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return opened(path, flags, *mode, **folder)

    monkeypatch.setattr(os, "open", read_only)
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    workspace = Workspace(store.path.parent)
    assert Store(store.path).read_only
    assert store.read(Shape, "unet") == Ball(radius=1)
    assert not workspace.is_ours()
    with refused(StoreError, store, "Read-only file system", "Check the medium"):
        store.save(Shape, "new", Ball())


def row_104_a_full_disk_is_said_and_the_old_store_is_whole(store, monkeypatch):
    good = state(store.path)

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(DiskFullError, match=r"bytes.*Free some space") as caught:
            store.save(Shape, "new", Ball())
    assert caught.value.needed > store.path.stat().st_size
    assert state(store.path) == good


def row_105_a_kill_during_a_save_loses_nothing(store):
    good = state(store.path)
    for point in range(8):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCutError):
            FailingDisk(patch, at=point, fault="cut")
            store.save(Shape, "new", Ball())
        assert state(store.path) == good


def row_106_a_conflicted_copy_is_noticed(store):
    assert store.notices() == ()
    for ending in (" (conflicted copy 2026-01-01).json", ".sync-conflict-20260101.json", "-LAPTOP.json"):
        copy = store.path.with_name(f"store{ending}")
        copy.write_bytes(b"{}")
        (notice,) = store.notices()
        assert str(copy) in notice
        copy.unlink()


def row_107_10_000_records_are_listed(store):
    bulk(store.path.with_name("large.json"), 10_000)
    assert len(Store(store.path.with_name("large.json")).names(Shape)) == 10_000


def row_108_a_clock_that_goes_back_changes_nothing(store, monkeypatch):
    revision = store.revision
    monkeypatch.setattr(time, "time", lambda: 0.0)
    store.save(Shape, "new", Ball())
    os.utime(store.path, (0, 0))
    assert store.revision == revision + 1
    store.path.write_bytes(b"")
    assert store.restore_backup().name == f"store.json.backup-{revision:09d}"


def row_109_permissions_are_those_of_the_owner(store):
    store.path.chmod(0o600)
    store.save(Shape, "new", Ball())
    assert store.path.stat().st_mode & 0o777 == 0o600
    for path in store.path.parent.iterdir():
        assert not path.stat().st_mode & 0o022


ROWS = {name.split("_")[1]: row for name, row in list(globals().items()) if name.startswith("row_")}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row, store, monkeypatch):
    row(*(store, monkeypatch)[: row.__code__.co_argcount])


def damage(store, change) -> None:
    store.path.write_bytes(change(store.path.read_bytes()))


class refused:  # noqa: N801
    """Expects an error of ours that says the problem and what to do, and no changed byte."""

    def __init__(self, kind: type[DacapoError], store: Store, problem: str, fix: str) -> None:
        self.kind, self.store, self.wanted = kind, store, (problem, fix)

    def __enter__(self) -> None:
        self.before = tree(self.store.path.parent)

    def __exit__(self, kind, error, traceback) -> bool:
        assert isinstance(error, self.kind)
        text = str(error).replace(str(self.store.path.parent), "")
        assert all(words in text for words in self.wanted), text
        assert len(text) <= 300
        assert tree(self.store.path.parent) == self.before
        return True
