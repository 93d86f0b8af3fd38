"""A layer of the viewer, or a file that need not be shown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from napari_dacapo.arrays.file import File
from napari_dacapo.layers.keeping import ChosenLayer
from napari_dacapo.layers.possible_axes import likely_axes
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.widgets.applying.applied_work import FileSource, LayerSource
from napari_dacapo.widgets.data.axes_choice import AxesChoice, time_shown
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.viewer.layer_choice import LayerChoice
from napari_dacapo.widgets.viewer.shown_layers import OURS

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LAYER, FILE = 0, 1  # where it comes from


class ChosenSource(QWidget):
    """Where it comes from; of a layer that does not tell its axes, which is which."""

    label: ClassVar[str]
    missing: ClassVar[str]  # what is said where nothing is chosen
    changed = Signal()
    said = Signal(str)

    def __init__(
        self, viewer: ViewerModel, kinds: tuple[type[Layer], ...], what: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._kinds = kinds
        self.source = QComboBox()
        self.layer = LayerChoice(viewer, kinds, what, self)
        self.axes = AxesChoice(viewer, what)
        self.of_layer, self.of_file = QWidget(), QWidget()
        self.rows = QFormLayout(self.of_layer)
        self._lay_out(what)
        self.source.currentIndexChanged.connect(self._on_changed)
        self.layer.changed.connect(self._on_layer)
        self.layer.lost.connect(
            lambda name: self.said.emit(f"The layer {name} was removed; choose another one.")
        )
        self.axes.letters.currentIndexChanged.connect(self._on_changed)
        self.axes.point.valueChanged.connect(self._on_changed)

    @cached_property
    def file(self) -> Form:
        """Made when it is first wanted."""
        form = Form(File)
        form.changed.connect(self._on_changed)
        column = QVBoxLayout(self.of_file)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
        return form

    @property
    def problem(self) -> str:
        """Why it cannot be used; empty if it can, as far as is known."""
        if self.is_file:
            problem = next(iter(self.file.problems), None)
            return "" if problem is None else str(problem) if problem.value is not None else self.missing
        return self.missing if self.layer.layer is None else ""

    @property
    def title(self) -> str:
        """Empty where there is none."""
        if self.is_file:
            return "" if self.file.problems else Path(cast(File, self.file.value).path).stem
        return "" if self.layer.layer is None else self.layer.layer.name

    @property
    def is_file(self) -> bool:
        return bool(self.source.currentData() == FILE)

    @property
    def chosen(self) -> LayerSource | FileSource:
        """Where there is no problem. Raises UserInputError for what cannot be used."""
        if self.is_file:
            file = cast(File, self.file.value).absolute()
            return FileSource(file, Path(file.path).stem)
        return LayerSource(self.layer_of(cast("Layer", self.layer.layer)))

    def layer_of(self, layer: Layer) -> ChosenLayer:
        """A layer with what is chosen about its axes, if it is the one; else as it tells itself."""
        shown = ShownLayer.of(layer)
        if layer is self.layer.layer:
            return ChosenLayer(shown, self.axes.axes, self.axes.time)
        return ChosenLayer(shown, None, time_shown(self._viewer, layer, likely_axes(shown)))

    def named(self, title: str) -> Layer | None:
        """The layer of that name that can be chosen, if there is one that is not a result of ours."""
        return next((each for each in self._not_ours if each.name == title), None)

    def close(self) -> bool:
        """Follow the viewer no longer."""
        self.layer.close()
        return super().close()

    def _lay_out(self, what: str) -> None:
        self.source.addItem("A layer of the viewer", LAYER)
        self.source.addItem("A file or folder", FILE)
        self.source.setToolTip("A file need not be opened in napari; it is read piece by piece.")
        self.source.setAccessibleName(f"where the {what} comes from")
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        layer = QHBoxLayout()
        layer.addWidget(self.layer.combo.native, 1)
        layer.addWidget(self.axes)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.addRow("layer", layer)
        rows = QFormLayout()
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(self.label, self.source)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(rows)
        column.addWidget(self.of_layer)
        column.addWidget(self.of_file)

    @property
    def _not_ours(self) -> Iterator[Layer]:
        layers = (each for each in self._viewer.layers if isinstance(each, self._kinds))
        return (each for each in layers if OURS not in each.metadata)

    def _on_changed(self, _: Any = None) -> None:
        self.of_layer.setVisible(self.source.currentData() == LAYER)
        self.of_file.setVisible(self.is_file)
        self.changed.emit()

    def _on_layer(self) -> None:
        self.axes.show_for(self.layer.layer)
        self._on_changed()
