"""Calling the command line as a shell does, within this process."""

import json
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tiny

from napari_dacapo.cli import main
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace


class Answer(NamedTuple):
    code: int
    out: str
    err: str


class CommandLine:
    """`call("list", "task")` is `napari-dacapo -w <workspace> list task`."""

    def __init__(self, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace = Workspace(workspace)
        self.on_terminal = False
        self._capsys = capsys

    def __call__(self, *words: object) -> Answer:
        heeded = signal.getsignal(signal.SIGINT)
        typed = ["napari-dacapo", "-w", str(self.workspace.path), *map(str, words)]
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(sys, "argv", typed)
            for stream in (sys.stdout, sys.stderr):
                patch.setattr(stream, "isatty", lambda: self.on_terminal)
            main()
        signal.signal(signal.SIGINT, heeded)
        return Answer(int(ended.value.code or 0), *self._capsys.readouterr())

    def done(self, *words: object) -> str:
        """What it printed; it must have succeeded."""
        answer = self(*words)
        assert answer.code == 0, answer.err
        return answer.out


def fill(workspace: Path, **changes: Any) -> Run:
    """A workspace with data, a component of every family, and the run "first" of them."""
    workspace.mkdir(parents=True, exist_ok=True)
    run = tiny.run(workspace, **changes)
    store = Workspace(workspace).store
    parts = {"cells": run.datasplit, "small": run.architecture, "edges": run.task, "gentle": run.trainer}
    for name, record in parts.items():
        store.save(type(record), name, record)
    families = ("datasplit", "architecture", "task", "trainer")
    store.save(Run, "first", run, made_from=dict(zip(families, parts, strict=True)))
    return run


def as_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path
