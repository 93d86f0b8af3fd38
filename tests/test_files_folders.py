"""Folders that take another's place when they are complete, or leave everything as it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_dacapo.files import TEMPORARY, replaced_folder


def write(path: Path, text: str) -> None:
    with replaced_folder(path) as folder:
        (folder / "content").write_text(text)
        assert not path.exists() or (path / "content").read_text() != text


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "folder", "new")
    assert (tmp_path / "deep" / "folder" / "content").read_text() == "new"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["folder"]


def test_it_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write(tmp_path / "folder", text)
    assert (tmp_path / "folder" / "content").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_whatever_fails_leaves_the_earlier_one(tmp_path: Path, error: type[BaseException]) -> None:
    write(tmp_path / "folder", "old")
    with pytest.raises(error), replaced_folder(tmp_path / "folder") as folder:
        (folder / "content").write_text("new")
        raise error
    assert (tmp_path / "folder" / "content").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_earlier_one_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "folder", "old")
    real, moves = os.rename, []

    def rename(source: Path, target: Path) -> None:
        moves.append(target)
        if len(moves) == 2:
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError, match="Input/output"):
        write(tmp_path / "folder", "new")
    assert (tmp_path / "folder" / "content").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_what_a_crash_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    old, young = (tmp_path / f"{TEMPORARY}{name}" for name in ("old", "young"))
    for leftover in (old, young):
        leftover.mkdir()
    long_ago = time.time() - 3700
    os.utime(old, (long_ago, long_ago))
    write(tmp_path / "folder", "new")
    assert not old.exists() and young.exists()


def make_old(folder: Path) -> None:
    long_ago = time.time() - 3700
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (long_ago, long_ago))


def test_what_is_still_being_filled_is_not_swept_however_long_that_takes(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "slow") as slow:
        make_old(slow)
        write(tmp_path / "other", "quick")
        assert slow.is_dir()
    assert list((tmp_path / "slow").iterdir()) == []


def test_what_a_killed_program_was_filling_is_swept(tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from napari_dacapo.files import replaced_folder
with replaced_folder(Path({str(tmp_path / "killed")!r})):
    os.kill(os.getpid(), {signal.SIGKILL:d})
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    (leftover,) = tmp_path.iterdir()
    make_old(leftover)
    write(tmp_path / "folder", "new")
    assert not leftover.exists()
