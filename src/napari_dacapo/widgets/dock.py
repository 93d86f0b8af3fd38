"""The dock: numbered pages from the data to the results, and the training below them."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, cast

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.steps import Saved
from napari_dacapo.experiments.suggest import Suggestion
from napari_dacapo.store.workspace import Workspace, default_workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets import made_runs, scored_runs
from napari_dacapo.widgets.background import Background
from napari_dacapo.widgets.component_page import ComponentPage
from napari_dacapo.widgets.data_page import DataPage
from napari_dacapo.widgets.footer import Footer
from napari_dacapo.widgets.network_page import NetworkPage
from napari_dacapo.widgets.queued_work import FollowedStep
from napari_dacapo.widgets.results_page import ResultsPage
from napari_dacapo.widgets.runs_page import RunsPage
from napari_dacapo.widgets.scored_runs import Shown
from napari_dacapo.widgets.shown_layers import show
from napari_dacapo.widgets.suggesting import suggestion_for
from napari_dacapo.widgets.training_queue import TrainingQueue

if TYPE_CHECKING:
    from napari.components import ViewerModel


class DaCapo(QWidget):
    """Define data, task, network and trainer, train runs of them, and look at what they found."""

    def __init__(self, napari_viewer: ViewerModel, workspace: Workspace | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.workspace = workspace or default_workspace()
        self.queue = TrainingQueue(self.workspace, parent=self)
        self.data = DataPage(napari_viewer, self.workspace)
        self.task = ComponentPage(Task, self.workspace, "task", Affinities())
        self.network = NetworkPage(self.workspace)
        self.trainer = ComponentPage(Trainer, self.workspace, "trainer", Trainer())
        self.runs = RunsPage(self.workspace, self.queue)
        self.results = ResultsPage(napari_viewer, self.workspace)
        self.footer = Footer(self.queue)
        self.background = Background(self)
        self.tabs = QTabWidget()
        self._lay_out()
        self._connect()
        self._allow_training()

    @property
    def components(self) -> dict[str, ComponentPage]:
        """The page of each component of a run."""
        return {
            "datasplit": self.data,
            "architecture": self.network,
            "task": self.task,
            "trainer": self.trainer,
        }

    def train(self) -> None:
        """Save what is unsaved, make a run of the four components, and let it train."""
        pages = self.components
        named = {component: (page.name, page.record) for component, page in pages.items()}
        known = {component: page.saved_record for component, page in pages.items()}
        work = partial(made_runs.save_with_components, self.workspace, named, known, self.runs.run_values)
        self.footer.say("Saves the components …")
        self.background.do(work, then=partial(self._on_saved, named))

    def _lay_out(self) -> None:
        pages = {
            "Data": self.data,
            "Task": self.task,
            "Network": self.network,
            "Trainer": self.trainer,
            "Runs": self.runs,
            "Results": self.results,
        }
        for number, (title, page) in enumerate(pages.items(), start=1):
            self.tabs.addTab(page, f"{number} {title}")
        column = QVBoxLayout(self)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        self.data.looked.connect(self._on_looked)
        self.data.suggestion_wanted.connect(self._ask_for_suggestion)
        for page in self.components.values():
            page.changed.connect(self._allow_training)
        self.runs.options.changed.connect(self._allow_training)
        self.footer.train.connect(self.train)
        self.background.failed.connect(self._say_failure)
        self.queue.steps.connect(self._on_steps)
        self.tabs.currentChanged.connect(self._on_turned)
        self.destroyed.connect(self.data.close_choices)

    def _on_looked(self) -> None:
        if self.data.facts is not None:
            self.network.show_facts(self.data.facts)
        self._allow_training()

    def _ask_for_suggestion(self) -> None:
        if not self.data.problem:
            self.footer.say("Measures the data …")
            datasplit = cast(DataSplit, self.data.record)
            work = partial(suggestion_for, datasplit, self.workspace.path)
            self.background.do(work, then=self._take_suggestion)

    def _take_suggestion(self, suggestion: Suggestion) -> None:
        for component in ("architecture", "task", "trainer"):
            page = self.components[component]
            page.suggest(getattr(suggestion, component), suggestion.why[component])
        self.footer.say("Suggested task, network and trainer. Look at pages 2 to 4, or press Train.")
        if suggestion.label_steps:
            datasplit = cast(DataSplit, self.data.record)
            try:
                self.data.suggest(datasplit.with_label_steps(suggestion.label_steps), "")
            except UserInputError as error:
                self._say_failure(error)

    def _allow_training(self) -> None:
        problems = (
            f"{component}: {page.obstacle}" for component, page in self.components.items() if page.obstacle
        )
        options = (f"run: {problem}" for problem in self.runs.options.problems)
        self.footer.allow_training(next(chain(problems, options), ""))

    def _on_saved(self, named: dict[str, tuple[str, Config]], name: str) -> None:
        for component, page in self.components.items():
            page.was_saved(*named[component])
        self.runs.refresh()
        self.queue.add(name)

    def _on_steps(self, name: str, steps: list[FollowedStep]) -> None:
        validated = [step for step in steps if isinstance(step, Saved) and step.best_by]
        if validated:
            newest = validated[-1].iteration
            work = partial(scored_runs.newest_layers, self.workspace, name, newest)
            self.background.do(work, then=partial(self._show_newest, name))

    def _show_newest(self, name: str, shown: Shown) -> None:
        show(self._viewer, f"newest/{name}", shown.layers)
        overlay = self._viewer.canvas.overlays.text
        overlay.text, overlay.visible = shown.title, True

    def _on_turned(self, place: int) -> None:
        page = self.tabs.widget(place)
        if page in (self.runs, self.results):
            page.refresh()

    def _say_failure(self, error: DacapoError) -> None:
        self.footer.say(str(error))
