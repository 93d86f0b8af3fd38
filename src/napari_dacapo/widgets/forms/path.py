"""A file or folder: typed, or chosen from what there is."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_dacapo.widgets.forms.editor import Editor

NARROWEST = 40  # pixels of a button


class Path(Editor):
    """A line with a button for a file and one for a folder, since a Zarr is a folder."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.head = QWidget()
        self._line = QLineEdit()
        self._line.textEdited.connect(self.edited)
        self.head.setFocusProxy(self._line)
        layout = QVBoxLayout(self.head)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        buttons = QHBoxLayout()
        buttons.addWidget(self._button("File…", self._choose_file))
        buttons.addWidget(self._button("Folder…", self._choose_folder))
        layout.addLayout(buttons)

    def data(self) -> str:
        return self._line.text()

    def fill(self, data: str) -> None:
        self._line.setText(data)

    def is_empty(self) -> bool:
        return not self.data()

    def _button(self, text: str, choose: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setMinimumWidth(NARROWEST)
        button.clicked.connect(choose)
        return button

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.head, "Choose a file", self.data())
        self._take(path)

    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self.head, "Choose a folder", self.data()))

    def _take(self, path: str) -> None:
        """What was chosen; an empty path means that the person thought better of it."""
        if path:
            self._line.setText(path)
            self.edited.emit()
