"""What is to be done when Qt deletes an object is done, whatever Python has collected before."""

import gc

from pytestqt.qtbot import QtBot
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dacapo.widgets.work.deleted import when_deleted


class Page(QWidget):
    """Python frees it by collection only: its signal holds what holds it."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.child = QObject(self)
        self.ready.connect(lambda: self.child)


def delete_what_is_due() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_it_is_done_once_when_the_object_is_deleted(qtbot: QtBot) -> None:
    done: list[str] = []
    thing = QObject()
    when_deleted(thing, done.append, "thing")
    assert done == []
    thing.deleteLater()
    delete_what_is_due()
    assert done == ["thing"]


def test_it_is_done_though_python_has_collected_what_it_knew_of_the_object(qtbot: QtBot) -> None:
    done: list[str] = []
    page = Page()
    when_deleted(page.child, done.append, "child")
    when_deleted(page, done.append, "page")
    page.deleteLater()
    del page
    gc.collect()
    assert done == []
    delete_what_is_due()
    assert sorted(done) == ["child", "page"]
