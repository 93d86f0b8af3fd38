"""Values that are typed: numbers, tuples of numbers or texts, and whatever else JSON can say."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtWidgets import QLineEdit, QWidget

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.editor import Editor
from napari_dacapo.widgets.forms.lines import Lines
from napari_dacapo.widgets.forms.number_line import NumberLine
from napari_dacapo.widgets.forms.numbers import joined, parsed, split
from napari_dacapo.widgets.forms.words import number


class Text(Editor):
    """A value and its text."""

    def __init__(
        self,
        line: QLineEdit | Lines,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.head: QWidget = line
        self._line, self._read, self._write = line, read, write
        line.textEdited.connect(self.edited)

    def data(self) -> Any:
        return self._read(self._line.text())

    def fill(self, data: Any) -> None:
        self._line.setText(self._write(data))

    def is_empty(self) -> bool:
        return not self._line.text().strip()


def number_text(field: Declared, parent: QWidget) -> Text:
    return Text(NumberLine(field), parsed, number, parent)


def numbers_text(depth: int, parent: QWidget) -> Text:
    """Tuples of numbers, so many within each other."""
    line = QLineEdit() if depth == 1 else Lines()
    return Text(line, partial(split, depth=depth), partial(joined, depth=depth), parent)


def names_text(parent: QWidget) -> Text:
    """A tuple of texts, one a line."""
    return Text(Lines(), _names, "\n".join, parent)


def json_text(parent: QWidget) -> Text:
    return Text(QLineEdit(), _from_json, partial(json.dumps, ensure_ascii=False), parent)


def _names(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("\n") if line.strip())


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
