"""The command line as a program of its own: quick to answer, and no traceback whatever its output meets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import fill

resource = pytest.importorskip("resource")  # not on Windows
PROGRAM = (sys.executable, "-m", "napari_dacapo")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shell") / "ws"
    fill(folder)
    return folder


def shell(line: str, workspace: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`$P` is the program."""
    environment = {
        **os.environ,
        "NAPARI_DACAPO_WORKSPACE": str(workspace),
        "P": " ".join(PROGRAM),
        **variables,
    }
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


LINES = [
    ("$P list | true", 1, ""),
    ("$P show trainer | head -1", 0, ""),
    ("$P list > /dev/full", 6, "Error: No space left on device.\n"),
    ("$P list >&-", 0, ""),
    ("$P create trainer 细胞 && PYTHONIOENCODING=ascii $P list trainer", 0, ""),
]


@pytest.mark.parametrize(("line", "code", "said"), LINES, ids=[line for line, _, _ in LINES])
def test_no_output_ends_in_a_traceback(workspace: Path, line: str, code: int, said: str) -> None:
    answer = shell(line, workspace)
    assert (answer.returncode, answer.stderr) == (code, said)


LIGHT = [
    ("--help",),
    ("list",),
    ("show", "trainer"),
    ("show", "task"),
    ("create", "run", "-h"),
    ("--version",),
]


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_looking_imports_no_torch(workspace: Path, words: tuple[str, ...]) -> None:
    code = (
        "import sys; from napari_dacapo.cli.command import cli; cli(sys.argv[1:], standalone_mode=False);"
        "print([m for m in ('torch', 'napari', 'qtpy', 'magicgui') if m in sys.modules], file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, "-w", str(workspace), *words], capture_output=True, text=True, check=True
    )
    assert answer.stderr == "[]\n"
