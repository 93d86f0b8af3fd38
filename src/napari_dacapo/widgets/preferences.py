"""What a person sets once for all runs, on a page of napari's own Preferences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from napari_dacapo.config import Config
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

    @property
    def network_threads(self) -> int:
        return self.threads or max(1, (os.cpu_count() or 1) - 1)

    def open_workspace(self) -> Workspace:
        """The environment variable comes before what is set here."""
        if not self.workspace.strip() or os.environ.get(VARIABLE):
            return default_workspace()
        return Workspace(Path(self.workspace.strip()).expanduser().absolute())


def saved_preferences() -> Preferences:
    """As they are in napari; the defaults where it does not know this plugin."""
    from napari.settings import get_plugin_settings

    known = get_plugin_settings()
    return Preferences(**getattr(known[PLUGIN], PAGE).model_dump()) if PLUGIN in known else Preferences()
