"""The file that something is exported to."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog

from napari_dacapo.widgets.parts.output_line import OutputLine


class TargetLine(OutputLine):
    """Suggested until a person names another. What is there is asked about later, in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.line.setAccessibleName("file to write to")
        self.line.setToolTip("A file that is not there yet; you are asked before one is replaced.")
        self.button.setText("File…")
        self.button.setToolTip("Choose where it is written, and how it is called.")

    def end_with(self, suffix: str) -> None:
        """The same name for another format."""
        if self.path is not None and self.path.suffix:
            self.line.setText(str(self.path.with_suffix(suffix)))

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export to", str(self.path or ""), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            suffix = "" if self.path is None or Path(chosen).suffix else self.path.suffix
            self.line.setText(chosen + suffix)
            self._on_edited()
