"""Each component in a dock of its own, for who wants to define one and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.widgets.components.network_page import NetworkPage
from napari_dacapo.widgets.components.task_page import TaskPage
from napari_dacapo.widgets.components.trainer_page import TrainerPage
from napari_dacapo.widgets.data.data_page import DataPage
from napari_dacapo.widgets.preferences import saved_preferences

if TYPE_CHECKING:
    from napari.components import ViewerModel


def datasplit(napari_viewer: ViewerModel) -> DataPage:
    """Where the data is, and which of it validates."""
    return DataPage(napari_viewer, saved_preferences().open_workspace())


def architecture() -> NetworkPage:
    """The network."""
    return NetworkPage(saved_preferences().open_workspace())


def task(napari_viewer: ViewerModel) -> TaskPage:
    """What the network learns."""
    return TaskPage(napari_viewer, saved_preferences().open_workspace())


def trainer(napari_viewer: ViewerModel) -> TrainerPage:
    """How the network learns."""
    return TrainerPage(napari_viewer, saved_preferences().open_workspace())
