"""How tests find their way in a form: by what a person or a screen reader is told."""

from typing import TypeVar

from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QPushButton, QWidget

from napari_dacapo.config import Config
from napari_dacapo.widgets.forms.fold import Fold
from napari_dacapo.widgets.forms.form import Form
from napari_dacapo.widgets.forms.message import Message

DOCK_WIDTH = 330
Found = TypeVar("Found", bound=QWidget)


def shown(qtbot: QtBot, record_type: type[Config], value: Config | None = None) -> Form:
    form = Form(record_type, value)
    qtbot.addWidget(form)
    form.resize(DOCK_WIDTH, 700)
    form.show()
    return form


def fields(inside: QWidget, name: str) -> list[QWidget]:
    """Everything in sight that a screen reader calls so."""
    QApplication.processEvents()  # until all has its place
    found = inside.findChildren(QWidget)
    return [each for each in found if each.accessibleName() == name and each.isVisibleTo(inside)]


def field(inside: QWidget, name: str) -> QWidget:
    (found,) = fields(inside, name)
    return found


def replace_text(qtbot: QtBot, widget: QWidget, text: str) -> None:
    qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(widget, Qt.Key.Key_Backspace)
    for place, line in enumerate(text.split("\n")):
        if place:
            qtbot.keyClick(widget, Qt.Key.Key_Return)
        qtbot.keyClicks(widget, line)


def click(qtbot: QtBot, widget: QWidget) -> None:
    """Where a tick is drawn, or in the middle of a button."""
    place = widget.rect().center()
    if isinstance(widget, QAbstractButton) and not isinstance(widget, QPushButton):
        place.setX(min(8, place.x()))
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def choose(qtbot: QtBot, combo: QWidget, text: str) -> None:
    """By the keyboard: from the first choice down to the one wanted."""
    assert isinstance(combo, QComboBox)
    texts = [combo.itemText(index) for index in range(combo.count())]
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(texts.index(text)):
        qtbot.keyClick(combo, Qt.Key.Key_Down)


def folds(inside: QWidget) -> list[Fold]:
    """Those in sight, from top to bottom."""
    QApplication.processEvents()
    found = [each for each in inside.findChildren(Fold) if each.isVisibleTo(inside)]
    return sorted(found, key=lambda fold: fold.mapTo(inside, fold.rect().topLeft()).y())


def open_all(qtbot: QtBot, inside: QWidget) -> None:
    """Also those that come into sight when others are opened."""
    while closed := [each for each in folds(inside) if not each.isExpanded()]:
        for each in closed:
            click(qtbot, each.toggleButton())


def titles(inside: QWidget) -> list[str]:
    return [each.toggleButton().accessibleName() for each in folds(inside)]


def messages(inside: QWidget) -> list[str]:
    """What is written in red."""
    QApplication.processEvents()
    found = [each for each in inside.findChildren(Message) if each.isVisibleTo(inside)]
    return [each.text() for each in sorted(found, key=lambda each: each.mapTo(inside, each.pos()).y())]
