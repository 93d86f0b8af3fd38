"""What is wrong with a field, in red below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_dacapo.widgets.forms.editor import Problem
from napari_dacapo.widgets.forms.words import sentence, words

RED = "#e5484d"  # can be read on napari's dark and on its light


class Message(QLabel):
    """One sentence a problem; hidden while all is well. Until `speak`, what is missing is no problem."""

    def __init__(self) -> None:
        super().__init__()
        self._is_quiet = True
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setStyleSheet(f"color: {RED};")
        self.setMinimumWidth(1)  # a long path does not make the form wider
        self.hide()

    def show_first(self, problems: Sequence[Problem]) -> None:
        """The first of what is wrong with one field."""
        self._show(sentence(problem.error, bool(problem.path)) for problem in self._told(problems)[:1])

    def show_each(self, problems: Sequence[Problem]) -> None:
        """All that has no field of its own here, each after the words of its path."""
        self._show(_placed(problem) for problem in self._told(problems))

    def speak(self) -> None:
        """A person was here, and left something out."""
        self._is_quiet = False

    def _told(self, problems: Sequence[Problem]) -> list[Problem]:
        return [problem for problem in problems if not (self._is_quiet and problem.is_missing)]

    def _show(self, sentences: Iterable[str]) -> None:
        text = "\n".join(sentences)
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)
        self.setVisible(bool(text))


def _placed(problem: Problem) -> str:
    """Such as "Raw, path: A value is needed."."""
    place = ", ".join(words(part) for part in problem.path)
    return ": ".join(filter(None, (place, sentence(problem.error, is_entry=False))))
