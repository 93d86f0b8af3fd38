"""What a person sets once for all runs, on a page of napari's own Preferences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, field_validator

from napari_dacapo.config import Config, problems
from napari_dacapo.store.workspace import VARIABLE, Workspace, default_workspace

PLUGIN, PAGE = "napari-dacapo", "engine"  # by which napari knows the page


class Preferences(Config):
    """Where and with what runs are trained and applied. Changes hold when the dock is opened anew."""

    workspace: str = ""
    "The folder that holds everything; empty: napari-dacapo in the home folder."

    device: Literal["auto", "cpu", "cuda", "cuda:1", "cuda:2", "cuda:3"] = "auto"
    "Where networks compute: auto takes the GPU where there is one; cuda:1 is the second GPU."

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    "Processor threads of the network; 0: all cores but one, which is the window's."

    checkpoints: Annotated[int, Field(ge=1, le=1000)] = 3
    "How many of the newest checkpoints of a run are kept; the best and every tenth stay besides."

    @field_validator("workspace")
    @classmethod
    def _printable(cls, workspace: str) -> str:
        if not workspace.isprintable():
            raise ValueError("it holds a character that cannot be printed. Type it again")
        return workspace

    @property
    def network_threads(self) -> int:
        return self.threads or max(1, (os.cpu_count() or 1) - 1)

    def open_workspace(self) -> Workspace:
        """The environment variable comes before what is set here."""
        if not self.workspace.strip() or os.environ.get(VARIABLE):
            return default_workspace()
        return Workspace(Path(self.workspace.strip()).expanduser().absolute())


def saved_preferences() -> Preferences:
    """As they are in napari; the defaults where it does not know this plugin, or cannot read its file."""
    from napari.settings import get_plugin_settings

    try:
        known = get_plugin_settings()
    except AssertionError:  # napari's own, about a file that is no table of fields
        return Preferences()
    fields = getattr(known[PLUGIN], PAGE).model_dump() if PLUGIN in known else {}
    wrong = {problem.field for problem in problems(Preferences, fields)}  # what napari lets pass
    return Preferences(**{name: value for name, value in fields.items() if name not in wrong})


def unusable_preferences() -> str:
    """What cannot be used of the file that holds them, in whose place the default counts; usually empty."""
    from napari.settings import get_settings

    known = get_settings().config_path
    path = None if known is None else Path(known).parent / f"{PLUGIN}.yaml"
    if path is None or not path.exists():
        return ""
    try:
        written: Any = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return f"{path} cannot be read: the default preferences count. Mend or delete it."
    fields = written.get(PAGE, {}) if isinstance(written, dict) else written
    if not isinstance(fields, dict | None):
        return f"{path} holds no preferences: the default ones count. Mend or delete it."
    found = problems(Preferences, fields or {})
    return f"Preferences: {found[0]} The default counts." if found else ""
