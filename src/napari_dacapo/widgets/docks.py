"""Each component in a dock of its own, for who wants to define one and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.store.workspace import default_workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.component_page import ComponentPage
from napari_dacapo.widgets.data_page import DataPage
from napari_dacapo.widgets.network_page import NetworkPage

if TYPE_CHECKING:
    from napari.components import ViewerModel


def datasplit(napari_viewer: ViewerModel) -> DataPage:
    """Where the data is, and which of it validates."""
    return DataPage(napari_viewer, default_workspace())


def architecture() -> NetworkPage:
    """The network."""
    return NetworkPage(default_workspace())


def task() -> ComponentPage:
    """What the network learns."""
    return ComponentPage(Task, default_workspace(), "task", Affinities())


def trainer() -> ComponentPage:
    """How the network learns."""
    return ComponentPage(Trainer, default_workspace(), "trainer", Trainer())
