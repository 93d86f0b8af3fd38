"""Single pages in docks of their own: a component, or what is brought from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dacapo.widgets.components.network_page import NetworkPage
from napari_dacapo.widgets.components.task_page import TaskPage
from napari_dacapo.widgets.components.trainer_page import TrainerPage
from napari_dacapo.widgets.data.data_page import DataPage
from napari_dacapo.widgets.exchange.import_dacapo_page import ImportDacapoPage
from napari_dacapo.widgets.exchange.import_model_page import ImportModelPage
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


def import_model() -> ImportModelPage:
    """A model of another program as a run."""
    return ImportModelPage(saved_preferences().open_workspace())


def import_dacapo() -> ImportDacapoPage:
    """The records of a DaCapo project, and the weights of its runs."""
    return ImportDacapoPage(saved_preferences().open_workspace())
