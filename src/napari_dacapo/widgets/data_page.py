"""The page of the data: layers of the viewer or files, what trains and what validates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from napari.layers import Image, Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton

from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.chosen_layers import ChosenLayers, datasplit_of
from napari_dacapo.widgets.component_page import ComponentPage
from napari_dacapo.widgets.data_facts import DataFacts, Looked, look_at, regions
from napari_dacapo.widgets.layer_choice import LayerChoice

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.config import Config
    from napari_dacapo.layers.layer import LayerData


class DataPage(ComponentPage):
    """A datasplit made of layers or of files; it is looked at as soon as it is complete."""

    looked = Signal()  # at what is shown
    suggestion_wanted = Signal()

    def __init__(self, viewer: ViewerModel, workspace: Workspace) -> None:
        self._looked: Looked | None = None
        self._looked_at: Config | None = None
        super().__init__(DataSplit, workspace, "data")
        self._viewer = viewer
        self.choices = {
            "image": LayerChoice(viewer, (Image,), "image", self),
            "labels": LayerChoice(viewer, (Labels,), "labels", self),
            "mask": LayerChoice(viewer, (Labels,), "mask of what is labelled, if not everything is", self),
        }
        self.use = QPushButton("Use these layers")
        self.use.setToolTip("Save them in the workspace and train on them; a part at one side validates.")
        self.show_regions = QPushButton("Show what trains and validates")
        self.show_regions.setToolTip("Add a layer for each region.")
        self.suggest_rest = QPushButton("Suggest task, network and trainer")
        self.suggest_rest.setToolTip("Measure the data and fill in the other pages, each with a reason.")
        self._add_choices()
        self.use.clicked.connect(self.use_layers)
        self.suggest_rest.clicked.connect(self.suggestion_wanted)
        self.show_regions.clicked.connect(self._ask_for_regions)
        self.changed.connect(self._look)
        self._choose_first()

    @property
    def facts(self) -> DataFacts | None:
        """Of the data that are shown, once they were looked at."""
        return None if self._looked is None or self._looked_at != self._complete else self._looked.facts

    @property
    def obstacle(self) -> str:
        found = () if self._looked is None else self._looked.report.problems
        return self.problem or next(map(str, found), "")

    def summary(self, record: Config) -> str:
        if self._looked is None or self._looked_at != record:
            return "Looks at the data …"
        report = self._looked.report
        lines = [str(self._looked.facts)] if self._looked.facts is not None else []
        lines += [str(problem) for problem in report.problems] + list(report.warnings)
        return "\n".join(lines)

    def use_layers(self) -> None:
        """Save the chosen layers and make a datasplit of them."""
        try:
            chosen = self._chosen()
        except DacapoError as error:
            self._say_failure(error)
            return
        self.use.setEnabled(False)
        self.said.setText("Saves the layers in the workspace …")
        self.background.do(datasplit_of, self.workspace, chosen, then=self._on_saved_layers)

    def close_choices(self) -> None:
        """Follow the viewer no longer."""
        for choice in self.choices.values():
            choice.close()

    @property
    def _complete(self) -> Config | None:
        return None if self.form.problems else self.record

    def _add_choices(self) -> None:
        box = QGroupBox("Layers of the viewer")
        rows = QFormLayout(box)
        self.suggest_rest.setEnabled(False)
        for text, choice in self.choices.items():
            rows.addRow(text, choice.combo.native)
            choice.changed.connect(self._enable)
            choice.lost.connect(self._say_lost)
        buttons = QHBoxLayout()
        buttons.addWidget(self.use)
        buttons.addWidget(self.show_regions)
        rows.addRow(buttons)
        rows.addRow(self.suggest_rest)
        self.column.insertWidget(2, box)

    def _choose_first(self) -> None:
        """The only sensible choice, so that nobody has to make it."""
        for name, kind in (("image", Image), ("labels", Labels)):
            first = next((layer for layer in self._viewer.layers if isinstance(layer, kind)), None)
            self.choices[name].choose(first)
        self._enable()

    def _chosen(self) -> ChosenLayers:
        image, labels, mask = (choice.layer for choice in self.choices.values())
        return ChosenLayers(
            title=cast(Image, image).name,
            image=ShownLayer.of(image),
            labels=ShownLayer.of(labels),
            mask=None if mask is None else ShownLayer.of(mask),
        )

    def _enable(self) -> None:
        missing = [name for name in ("image", "labels") if self.choices[name].layer is None]
        self.use.setEnabled(not missing)
        self.use.setToolTip(f"Choose a layer for: {', '.join(missing)}." if missing else "Train on them.")

    def _say_lost(self, name: str) -> None:
        self.said.setText(f"The layer {name} was removed; choose another one.")

    def _on_saved_layers(self, datasplit: DataSplit) -> None:
        self._enable()
        self.suggest(datasplit, "")

    def _say_failure(self, error: DacapoError) -> None:
        super()._say_failure(error)
        self._enable()

    def _look(self) -> None:
        record = self._complete
        if record is not None and record != self._looked_at:
            self._looked, self._looked_at = None, record
            work = partial(look_at, cast(DataSplit, record), self.workspace.path)
            self.background.do(work, then=partial(self._on_looked, record))

    def _on_looked(self, record: Config, looked: Looked) -> None:
        if record == self._looked_at:
            self._looked = looked
            self.suggest_rest.setEnabled(looked.facts is not None)
            self._show_state()
            self.looked.emit()

    def _ask_for_regions(self) -> None:
        if self._complete is not None:
            work = partial(regions, cast(DataSplit, self._complete), self.workspace.path)
            self.background.do(work, then=self._add_layers)

    def _add_layers(self, layers: list[LayerData]) -> None:
        from napari.layers import Layer

        for data in layers:
            self._viewer.add_layer(Layer.create(*data))
