"""What is seldom chosen where a run is applied, folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.experiments.applying.apply_options import ApplyOptions
from napari_dacapo.widgets.applying.chosen_mask import ChosenMask
from napari_dacapo.widgets.forms.declared import declarations, plain
from napari_dacapo.widgets.forms.fold import Fold
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.forms.words import summary

if TYPE_CHECKING:
    from napari.components import ViewerModel


class MoreOptions(Fold):
    """Where something is wanted, and how it is stored; its line tells what is not as usual."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self.only_where = ChosenMask(viewer)
        self.form = Form(ApplyOptions)
        for widget in (self.only_where, self.form):
            self.inside.addWidget(widget)
            widget.changed.connect(self._on_changed)
        self._on_changed()

    @property
    def options(self) -> ApplyOptions:
        return cast(ApplyOptions, self.form.value)

    def close(self) -> bool:
        """Follow the viewer no longer."""
        self.only_where.close()
        return super().close()

    def _on_changed(self) -> None:
        where = "" if self.only_where.is_everywhere else f"only where {self.only_where.title or '…'}"
        told = filter(None, (where, summary(declarations(ApplyOptions), plain(self.options))))
        self.set_title(": ".join(filter(None, ("More", ", ".join(told)))))
        self.changed.emit()
