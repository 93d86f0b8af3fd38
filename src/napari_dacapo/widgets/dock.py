"""The dock: numbered pages from the data to the results, and the training below them."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, cast

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.config import Config
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.previews.previews import Previews
from napari_dacapo.experiments.suggesting.suggest import Suggestion
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying.apply_page import ApplyPage
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.components.network_page import NetworkPage
from napari_dacapo.widgets.components.suggesting import suggestion_for
from napari_dacapo.widgets.components.task_page import TaskPage
from napari_dacapo.widgets.components.trainer_page import TrainerPage
from napari_dacapo.widgets.data.data_page import DataPage
from napari_dacapo.widgets.data.layers_box import Viewed
from napari_dacapo.widgets.preferences import saved_preferences, unusable_preferences
from napari_dacapo.widgets.results.live_layers import LiveLayers
from napari_dacapo.widgets.results.results_page import ResultsPage
from napari_dacapo.widgets.training import made_runs
from napari_dacapo.widgets.training.footer import NOTHING_TRAINS, Footer
from napari_dacapo.widgets.training.runs_page import RunsPage
from napari_dacapo.widgets.training.training_queue import TrainingQueue
from napari_dacapo.widgets.work.background import Background

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.starts.start import Start

SUGGESTED = "Suggested task, network, trainer, and how long. Look at pages 2 to 5, then press Train."
MARGIN = 3  # pixels around all, and around the words of a tab


class DaCapo(QWidget):
    """Define data, task, network and trainer, train runs of them, and look at what they found."""

    def __init__(self, napari_viewer: ViewerModel, workspace: Workspace | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        preferences = saved_preferences()
        device, threads = preferences.device, preferences.network_threads
        self.workspace = workspace or preferences.open_workspace()
        self.queue = TrainingQueue(self.workspace, device, threads, preferences.checkpoints, self)
        self.data = DataPage(napari_viewer, self.workspace)
        self.task = TaskPage(napari_viewer, self.workspace)
        self.network = NetworkPage(self.workspace)
        self.trainer = TrainerPage(napari_viewer, self.workspace)
        self.runs = RunsPage(self.workspace, self.queue)
        self.results = ResultsPage(napari_viewer, self.workspace)
        self.apply = ApplyPage(napari_viewer, self.workspace, preferences)
        self.footer = Footer(self.queue)
        self.live = LiveLayers(self._viewer, self.workspace, self.queue, self)
        self.background = Background(self)
        self.tabs = QTabWidget()
        self.tabs.setUsesScrollButtons(False)  # they would hide pages
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setStyleSheet(f"QTabBar::tab {{ padding: {MARGIN}px; }}")  # all seven in a narrow dock
        self._lay_out()
        self._connect()
        self._allow_training()
        self.footer.say(unusable_preferences() or NOTHING_TRAINS)

    @property
    def components(self) -> dict[str, ComponentPage]:
        """The page of each component of a run."""
        return {
            "datasplit": self.data,
            "architecture": self.network,
            "task": self.task,
            "trainer": self.trainer,
        }

    def event(self, event: QEvent | None) -> bool:
        """Qt's. Napari lets go of a dock that is closed, and says no more than that to what was in it."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.leave()
        return super().event(event)

    def leave(self) -> None:
        """Begin to stop all work, which saves and ends by itself, and be deleted."""
        self.queue.shutdown(0)
        self.apply.applying.stop()
        self.live.leave()
        self.deleteLater()

    def train(self) -> None:
        """Save what is unsaved, make a run of the four components, and let it train."""
        pages = self.components
        named = {component: (page.name, page.record) for component, page in pages.items()}
        known = {component: page.saved_record for component, page in pages.items()}
        work = partial(made_runs.save_with_components, self.workspace, named, known, self.runs.new.run_values)
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
            "Apply": self.apply,
        }
        for number, (title, page) in enumerate(pages.items(), start=1):
            self.tabs.setTabToolTip(self.tabs.addTab(page, f"{number} {title}"), title)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        self.data.looked.connect(self._on_looked)
        self.data.suggestion_wanted.connect(self._ask_for_suggestion)
        for page in self.components.values():
            page.changed.connect(self._allow_training)
        for page in (self.data, self.network):
            page.changed.connect(self._hand_over)
        self.runs.new.options.changed.connect(self._allow_training)
        self.footer.train.connect(self.train)
        self.background.failed.connect(self._say_failure)
        self.live.failed.connect(self._say_failure)
        self.queue.steps.connect(self.results.follow)
        self.apply.correct.wanted.connect(self._ask_for_run)
        self.runs.exchange.imported.connect(self._on_imported)
        self.tabs.currentChanged.connect(self._on_turned)
        self.destroyed.connect(self.data.close_choices)
        self.destroyed.connect(self.apply.close_choices)

    def _on_looked(self) -> None:
        if self.data.facts is not None:
            self.network.show_facts(self.data.facts)
        self._hand_over()
        self._allow_training()

    def _hand_over(self) -> None:
        """Data and network, to the pages that show previews of them."""
        previews, missing = None, self._missing
        if not missing:
            datasplit = cast(DataSplit, self.data.record)
            architecture = cast(Architecture, self.network.record)
            previews = Previews(datasplit, architecture, self.workspace.path)
        for page in (self.data, self.task, self.trainer):
            page.preview.use(previews, missing)

    @property
    def _missing(self) -> str:
        """What no preview can be made without; empty if all is there."""
        if self.data.facts is None:
            return self.data.obstacle or "Looks at the data …"
        problem = next(iter(self.network.form.problems), None)
        return "" if problem is None else f"network: {problem}"

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
        self.runs.new.suggest_length(suggestion.length)
        self.footer.say(SUGGESTED)
        if suggestion.label_ids:
            datasplit = cast(DataSplit, self.data.record)
            try:
                self.data.suggest(datasplit.renumbered(suggestion.label_ids), "")
            except UserInputError as error:
                self._say_failure(error)

    def _ask_for_run(self, corrected: Viewed) -> None:
        """To train it on, also on what was corrected."""
        name, weights = self.apply.run.name, self.apply.run.chosen
        work = partial(made_runs.run_with_start, self.workspace, name, weights.criterion, weights.iteration)
        self.background.do(work, then=partial(self._train_on, corrected, name))

    def _train_on(self, corrected: Viewed, name: str, found: tuple[Run, Start]) -> None:
        run, start = found
        for component in ("architecture", "task", "trainer"):
            page, record = self.components[component], getattr(run, component)
            if page.problem or page.record != record:
                page.begin_anew()
                page.suggest(record, f"Of {name}, which is trained on.")
        self.runs.new.start_from(start)
        self.data.add(corrected, run.datasplit)
        self.tabs.setCurrentWidget(self.data)
        self.footer.say(f"Train goes on from the weights of {name}, with the corrected part.")

    def _allow_training(self) -> None:
        problems = (
            f"{component}: {page.obstacle}" for component, page in self.components.items() if page.obstacle
        )
        options = (f"run: {problem}" for problem in self.runs.new.options.problems)
        self.footer.allow_training(next(chain(problems, options), ""))

    def _on_saved(self, named: dict[str, tuple[str, Config]], name: str) -> None:
        for component, page in self.components.items():
            page.was_saved(*named[component])
        self.runs.refresh()
        self.queue.add(name)

    def _on_imported(self) -> None:
        for page in self.components.values():
            page.refresh()

    def _on_turned(self, place: int) -> None:
        page = self.tabs.widget(place)
        if isinstance(page, ComponentPage | RunsPage | ResultsPage | ApplyPage):
            page.refresh()  # what other windows and programs saved, too

    def _say_failure(self, error: DacapoError) -> None:
        self.footer.say(str(error))
