"""A dataset of files, which are not opened in the viewer."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGroupBox, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.widgets.forms.form import Form

SEPARATE = (
    "For folders of pictures: image and labels belong together by their names, every fifth validates. "
    "Unchecked, a folder holds the numbered slices of one volume."
)


class FilesBox(QGroupBox):
    """The form of a dataset; it is made when it is shown."""

    chosen = Signal(object, bool)  # a Dataset, and whether each image in its folders is one

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Files and folders", parent)
        self.form: Form | None = None
        self.separate = QCheckBox("Each image in these folders is a dataset of its own")
        self.separate.setToolTip(SEPARATE)
        self.add = QPushButton("Add this dataset")
        self.add.clicked.connect(self._on_add)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.separate)
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
            self.chosen.emit(self.form.value, self.separate.isChecked())
