"""A dataset of files, which are not opened in the viewer."""

from __future__ import annotations

from pathlib import PurePath
from typing import cast

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGroupBox, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.widgets.forms.form import Form


class FilesBox(QGroupBox):
    """The form of a dataset; it is made when it is shown."""

    chosen = Signal(object)  # a Dataset

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Files and folders", parent)
        self.form: Form | None = None
        self.add = QPushButton("Add this dataset")
        self.add.clicked.connect(self._on_add)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.add)
        self.hide()

    def show_form(self, is_wanted: bool) -> None:
        """An empty one, each time."""
        self.setVisible(is_wanted)
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        if is_wanted:
            self.form = Form(Dataset)
            self.form.changed.connect(self._enable)
            self._column.insertWidget(0, self.form)
            self._enable()

    def _enable(self) -> None:
        problems = () if self.form is None else self.form.problems
        self.add.setEnabled(not problems)
        self.add.setToolTip(str(problems[0]) if problems else "The files stay where they are.")

    def _on_add(self) -> None:
        if self.form is not None:
            self.chosen.emit(_titled(cast(Dataset, self.form.value)))


def _titled(dataset: Dataset) -> Dataset:
    """By its image, where nobody gave it a title."""
    is_named = dataset.title != Dataset.model_fields["title"].default
    if is_named or not isinstance(dataset.raw, File):
        return dataset
    return dataset.replace(title=PurePath(dataset.raw.path).stem)
