"""The page of the data: layers of the viewer or files, what trains and what validates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QLabel, QPushButton

from napari_dacapo.datasplits.dataset import Dataset, Entries
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.entries import split_of, without
from napari_dacapo.datasplits.holding_out import HoldingOut
from napari_dacapo.errors import DacapoError
from napari_dacapo.layers.drawn import drawn_split
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components.component_page import ComponentPage
from napari_dacapo.widgets.components.data_facts import DataFacts, Looked, look_at, regions
from napari_dacapo.widgets.data.changed_layers import ChangedLayers
from napari_dacapo.widgets.data.chosen_layers import Used, use_files, use_layers, use_pictures
from napari_dacapo.widgets.data.dataset_list import DatasetList
from napari_dacapo.widgets.data.drawn_box import GETS_READY, DrawnBox
from napari_dacapo.widgets.data.files_box import FilesBox
from napari_dacapo.widgets.data.held_out_part import HeldOutPart
from napari_dacapo.widgets.data.layers_box import CONVERT, LayersBox, Viewed
from napari_dacapo.widgets.data.patch_preview import PatchPreview
from napari_dacapo.widgets.forms.folded_form import FoldedForm
from napari_dacapo.widgets.parts.allowed import allow
from napari_dacapo.widgets.parts.wrapped import Wrapped
from napari_dacapo.widgets.viewer.shown_layers import OURS, show, take_away

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dacapo.config import Config
    from napari_dacapo.layers.layer import LayerData

REGIONS = "regions"  # what the layers of what trains and validates are known by
SETTLES = 100  # milliseconds after the last edit, before the data are looked at
MOST_LINES = 6  # said about the data
LOOKS = "Looks at the data …"
DRAW = "Draw a rectangle over the image; what lies in it will validate."
BY_HAND = "Save the layers among them, or add them and the others here one by one."
NOTHING_YET = f"Choose an image and its labels and press Use these layers, or add files. {CONVERT}"
OFFERED = "Press Use these layers, choose others, or add files."
OR_SAVED = "What was saved is opened above."


class DataPage(ComponentPage):
    """A datasplit made of layers or of files; it is looked at as soon as it is complete."""

    looked = Signal()  # at what is shown
    suggestion_wanted = Signal()

    def __init__(self, viewer: ViewerModel, workspace: Workspace) -> None:
        self._looked: Looked | None = None
        self._looked_at: Config | None = None
        self._measured: tuple[Entries, DataFacts | None] = ((), None)
        self._is_busy = False
        self._is_looking = False
        self.layers = LayersBox(viewer)
        super().__init__(DataSplit, workspace, "data")
        self._viewer = viewer
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLES)
        self.choices = self.layers.choices
        self.use = self.layers.use
        self.files = FilesBox()
        self.add_files = QPushButton("Add files …")
        self.outdated = QLabel()
        self.outdated.setWordWrap(True)
        self.use_again = QPushButton("Use them again")
        self.datasets = DatasetList()
        self.held_out = HeldOutPart()
        self.drawn_box = DrawnBox(viewer, "validation box", self)
        self.changed_layers = ChangedLayers(viewer, self)
        self.show_regions = QPushButton("Show what trains and validates")
        self.suggest_rest = QPushButton("Suggest task, network and trainer")
        self.preview = PatchPreview(viewer)
        self._add_boxes()
        self._connect()
        self._show_boxes()

    @property
    def facts(self) -> DataFacts | None:
        """Of the data that are shown, once they were looked at."""
        return None if self._looked is None or self._looked_at != self._complete else self._looked.facts

    @property
    def problem(self) -> str:
        if not self._details.is_empty:
            return super().problem
        wanted = OFFERED if self.layers.use.isEnabled() else NOTHING_YET
        return f"{wanted} {OR_SAVED}" if self.row.saved.isEnabled() else wanted

    @property
    def obstacle(self) -> str:
        if self.problem:
            return self.problem
        if self._is_looking or self._timer.isActive():
            return LOOKS
        found = () if self._looked is None else self._looked.report.problems
        return next(map(str, found), "")

    def summary(self, record: Config) -> str:
        if self._looked is None or self._looked_at != record:
            return LOOKS
        report = self._looked.report
        facts = [str(self._looked.facts)] if self._looked.facts is not None else []
        return _shortened([*facts, *map(str, report.problems), *report.warnings])

    def add(self, viewed: Viewed, datasplit: DataSplit) -> None:
        """Layers beside the datasets of a datasplit, and beside more where such are shown already."""
        known = {entry.dataset.title for entry in datasplit.entries}
        if not known:
            self.said.setText(f"{type(datasplit).__name__} finds its datasets by itself. {BY_HAND}")
        elif known <= self._titles:
            self._use((viewed,), self._entries, self._complete)
        else:
            self.begin_anew()
            self._use((viewed,), datasplit.entries, datasplit)

    def close_choices(self) -> None:
        """Follow the viewer no longer."""
        self._timer.stop()
        self.layers.close()
        self.drawn_box.close()
        self.changed_layers.close()

    def _show_names(self, names: Sequence[str]) -> None:
        super()._show_names(names)
        if self._details.is_empty:
            self._show_state()

    def _made_form(self, record: Config | None) -> FoldedForm:
        self._details = FoldedForm(DataSplit, "Details of the datasplit")
        return self._details

    @property
    def _complete(self) -> DataSplit | None:
        return None if self.form.problems else cast(DataSplit, self.record)

    @property
    def _entries(self) -> Entries:
        return () if self._complete is None else self._complete.entries

    def _add_boxes(self) -> None:
        self.add_files.setCheckable(True)
        self.add_files.setToolTip("Choose files and folders; they are not opened in the viewer.")
        self.use_again.setToolTip("Save them as they are now, in the place of what was saved before.")
        boxes = (self.layers, self.add_files, self.files, self.datasets, self.held_out)
        for place, box in enumerate(boxes):
            self.scrolled.insertWidget(place, box)
        self.form.setParent(None)
        self.scrolled.addWidget(self.form, 1)  # once more: Tab comes to it after them, as the eye does
        self.scrolled.addStretch(1)
        self.column.insertWidget(3, self.preview)
        self.column.insertLayout(4, Wrapped((self.show_regions, self.suggest_rest)))
        self.column.addWidget(self.outdated)
        self.column.addWidget(self.use_again)

    def _connect(self) -> None:
        self.layers.wanted.connect(self._on_wanted)
        self.layers.lost.connect(self._say_lost)
        self.layers.offered.connect(self._show_state)
        self.add_files.toggled.connect(self.files.show_form)
        self.files.chosen.connect(self._on_files)
        self.datasets.told.connect(self._on_told)
        self.datasets.removed.connect(self._on_removed)
        self.held_out.moved.connect(self._on_moved)
        self.held_out.draw.connect(self._draw)
        self.drawn_box.ready.connect(self._on_ready)
        self.drawn_box.drawn.connect(self._on_drawn)
        self.preview.said.connect(self.said.setText)
        self.use_again.clicked.connect(self._on_use_again)
        self.suggest_rest.clicked.connect(self.suggestion_wanted)
        self.show_regions.clicked.connect(self._ask_for_regions)
        self._timer.timeout.connect(self._look)
        self.changed.connect(self._on_record)
        self.changed_layers.changed.connect(self._show_outdated)

    # --- layers and files become datasets ---

    def _on_wanted(self, viewed: Viewed, alone: bool) -> None:
        self._use((viewed,), () if alone else self._entries, self._complete)

    def _on_use_again(self) -> None:
        self._use(self.changed_layers.viewed(self._titles), self._entries, self._complete)

    def _use(self, viewed: Sequence[Viewed], entries: Entries, before: DataSplit | None) -> None:
        """Make a datasplit of the entries and of the layers, as they are now."""
        try:
            chosen = [each.chosen for each in viewed]
        except DacapoError as error:
            self._say_failure(error)
            return
        for each in viewed:
            self.changed_layers.watch(each)
        self._start("Compares the layers with their files, and saves those that have none …")
        self.background.do(use_layers, self.workspace, chosen, entries, before, then=self._on_used)

    def _on_files(self, dataset: Dataset, are_separate: bool) -> None:
        self._start("Opens the files …")
        work = partial(
            use_pictures if are_separate else use_files,
            self.workspace.path,
            dataset,
            self._entries,
            self._complete,
        )
        self.background.do(work, then=self._on_used)

    def _on_used(self, used: Used) -> None:
        self._is_busy = False
        self.add_files.setChecked(False)
        self.changed_layers.keep({entry.dataset.title for entry in used.datasplit.entries})
        self.suggest(used.datasplit, used.said)
        self.layers.choose_next(self.changed_layers.used)

    # --- what trains and what validates ---

    def _on_told(self, place: int, validates: bool) -> None:
        entries = self._entries
        told = replace(entries[place], validates=validates)
        self._relist((*entries[:place], told, *entries[place + 1 :]))

    def _on_removed(self, place: int) -> None:
        self._relist(without(self._entries, place))

    def _relist(self, entries: Entries) -> None:
        self._start(LOOKS)
        self.background.do(split_of, entries, self._complete, self.workspace.path, then=self._on_split)

    def _on_split(self, datasplit: DataSplit) -> None:
        self._is_busy = False
        self.suggest(datasplit, "")

    def _on_moved(self, datasplit: DataSplit) -> None:
        self.suggest(datasplit, "")

    def _draw(self) -> None:
        if self._known is not None:
            self.said.setText(GETS_READY)
            self.drawn_box.start(self._known.region)

    def _on_ready(self) -> None:
        self.said.setText(DRAW)

    def _on_drawn(self, corners: Any) -> None:
        known, before = self._known, self._complete
        if known is None or not isinstance(before, HoldingOut):
            return
        datasplit = drawn_split(before, corners, known.region)
        if datasplit is None:
            self.said.setText("The rectangle lies beside the data. Draw it over the image.")
        elif datasplit != before:
            self.suggest(datasplit, "")
            self._ask_for_regions()  # they show the box in every slice

    # --- what is shown of it ---

    def _start(self, sentence: str) -> None:
        """Something is being made of what is listed; until it is, nothing else is."""
        self._is_busy = True
        self._show_busy()
        self.said.setText(sentence)

    def _show_busy(self) -> None:
        self.layers.show_state(bool(self._entries), self._is_busy)
        for box in (self.datasets, self.held_out, self.files, self.use_again):
            box.setEnabled(not self._is_busy)
        allow(
            self.show_regions,
            "Add a layer for each region, and the data if they are files; they follow what is changed here.",
            "" if self._complete is not None else self.problem,
        )
        measured = self._looked is not None and self._looked.facts is not None
        allow(
            self.suggest_rest,
            "Measure the data and fill in the other pages, each with a reason.",
            "" if measured else self.obstacle or LOOKS,
        )

    def _on_record(self) -> None:
        record = self._complete
        if record is not None and not record.entries:
            self._details.expand(animate=False)  # all there is to see of a folder of datasets
        self._show_boxes()
        if record is not None and record != self._looked_at:
            self._looked = None
            self._timer.start()

    def _show_boxes(self) -> None:
        self.datasets.show_entries(self._entries)
        self.held_out.show_record(self._complete, self._known)
        self._show_busy()
        self._show_outdated()

    def _show_outdated(self) -> None:
        sentence = self.changed_layers.sentence(self._titles)
        self.outdated.setText(sentence)
        for widget in (self.outdated, self.use_again):
            widget.setVisible(bool(sentence))

    @property
    def _titles(self) -> set[str]:
        return {entry.dataset.title for entry in self._entries}

    @property
    def _known(self) -> DataFacts | None:
        """Of the first dataset; they stay the same when another part of it is held out."""
        entries, facts = self._measured
        return facts if entries == self._entries[:1] else None

    def _say_lost(self, name: str) -> None:
        self.said.setText(f"The layer {name} was removed; choose another one.")

    def _say_failure(self, error: DacapoError) -> None:
        super()._say_failure(error)
        self._is_busy = self._is_looking = False
        self._show_boxes()
        self.looked.emit()  # in vain, but it is over

    def _look(self) -> None:
        record = self._complete
        if record is not None and self._looked is None and not self._is_looking:
            self._looked_at, self._is_looking = record, True
            work = partial(look_at, record, self.workspace.path)
            self.background.do(work, then=partial(self._on_looked, record))

    def _on_looked(self, record: Config, looked: Looked) -> None:
        self._is_looking = False
        if record != self._complete:
            self._look()
            return
        self._looked = looked
        self._measured = (self._entries[:1], looked.facts)
        self._show_state()
        self._show_boxes()
        self.looked.emit()
        if any(map(_is_region, self._viewer.layers)):
            self._ask_for_regions()

    def _ask_for_regions(self) -> None:
        if self._complete is not None:
            work = partial(regions, self._complete, self.workspace.path, self.changed_layers.titles)
            self.background.do(work, then=self._add_layers)

    def _add_layers(self, layers: list[LayerData]) -> None:
        active = self._viewer.layers.selection.active
        before = [layer for layer in self._viewer.layers if _is_region(layer)]
        if [layer.name for layer in before] != [properties["name"] for _, properties, _ in layers]:
            take_away(self._viewer, before)
        show(self._viewer, REGIONS, layers)
        if active is not None and active in self._viewer.layers:
            self._viewer.layers.selection.active = active


def _is_region(layer: Layer) -> bool:
    return str(layer.metadata.get(OURS, "")).startswith(f"{REGIONS}/")


def _shortened(lines: Sequence[str]) -> str:
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"… and {more} more."] if more > 0 else [])])
