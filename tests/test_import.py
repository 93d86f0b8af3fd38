"""What importing brings along, and words that have no place in the repository."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WINDOW = ("PyQt5", "PyQt6", "PySide6", "qtpy", "superqt", "magicgui", "napari", "vispy")
ENGINE = "('widgets', 'layers', '__main__')"  # what the engine is not

NOTED = f"print(*(name for name in {(*WINDOW, 'torch')} if name in sys.modules))"


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_itself_brings_nothing() -> None:
    """Nothing but itself and the standard library, so that it is there at once."""
    brought = "{name.partition('.')[0] for name in sys.modules} - {*sys.stdlib_module_names, *before}"
    code = f"import sys; before = {{*sys.modules}}; import napari_dacapo; print(*{brought})"
    assert python(code) == "napari_dacapo"


def test_no_module_of_the_engine_brings_a_window() -> None:
    code = f"""
import importlib, pkgutil, sys, warnings
warnings.simplefilter("ignore")
import napari_dacapo
for module in pkgutil.walk_packages(napari_dacapo.__path__, "napari_dacapo."):
    if module.name.split(".")[1] not in {ENGINE}:
        importlib.import_module(module.name)
print(len(sys.modules) > 500, *(name for name in {WINDOW} if name in sys.modules))
"""
    assert python(code) == "True"


RECORDS = """
import sys
from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Step
from napari_dacapo.augments.augment import Augment
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.scores.score import Score
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer
for family in (Architecture, Source, Step, Augment, DataSplit, Start, Score, Task):
    assert family.kinds(), family
"""


def test_records_and_their_store_bring_no_torch() -> None:
    assert python(RECORDS + NOTED) == ""


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="napari-dacapo")
    from napari_dacapo.cli import main

    assert command.load() is main


LEFT_OUT = {
    ".git",
    ".venv",
    "__pycache__",
    "build",
    "shared",
    ".hypothesis",
    "demo-workspace",
    "demo-pictures",
}
TEXTS = {".py", ".md", ".cfg", ".toml", ".yaml", ".yml", ".sh", ".txt", ".css", ""}
UNWANTED = {
    "unfinished work": r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b",
    "a path of one machine": r"(?<![\w.~$}])/(wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/",
    "a registry's host": r"py" + r"pi\.org|python" + r"hosted|ana" + r"conda\.org|arti" + r"factory",
}


def texts(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in LEFT_OUT and not path.name.endswith((".egg-info", "_cache")):
            yield from texts(path)
        elif path.is_file() and path.suffix in TEXTS and not path.name.startswith(".coverage"):
            yield path


@pytest.mark.parametrize("pattern", UNWANTED.values(), ids=UNWANTED)
def test_the_repository_is_free_of(pattern: str) -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert lines == []


def test_a_form_brings_no_torch() -> None:
    code = (
        "import sys; from napari_dacapo.widgets.forms.form import Form; "
        "from napari_dacapo.experiments.run import Run; from qtpy.QtWidgets import QApplication; "
        "app = QApplication([]); form = Form(Run); form.deleteLater(); print('torch' in sys.modules)"
    )
    assert python(code) == "False"
